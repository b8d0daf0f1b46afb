#include "passes/layout/sink.hpp"

#include <string_view>

namespace o2m {
namespace {

/// How an operator's parameters follow when all its data inputs are transposed.
enum class Sink { never, elementwise, quantization, axis, axes };

Sink sink_of(const Node& node) {
  struct Rule {
    std::string_view type;
    Sink sink;
  };
  static constexpr Rule rules[] = {
      {"Relu", Sink::elementwise}, {"Clip", Sink::elementwise}, {"LeakyRelu", Sink::elementwise}, {"Sigmoid", Sink::elementwise},
      {"Tanh", Sink::elementwise}, {"HardSwish", Sink::elementwise}, {"HardSigmoid", Sink::elementwise}, {"Elu", Sink::elementwise},
      {"Exp", Sink::elementwise}, {"Sqrt", Sink::elementwise}, {"Cast", Sink::elementwise}, {"Lookup", Sink::elementwise},
      {"Identity", Sink::elementwise}, {"Add", Sink::elementwise}, {"Sub", Sink::elementwise}, {"Mul", Sink::elementwise},
      {"Div", Sink::elementwise}, {"QLinearAdd", Sink::elementwise}, {"QLinearMul", Sink::elementwise}, {"QBinary", Sink::elementwise},
      {"QuantizeLinear", Sink::quantization}, {"DequantizeLinear", Sink::quantization},
      {"Concat", Sink::axis}, {"QLinearConcat", Sink::axis}, {"Split", Sink::axis}};
  for (const Rule& rule : rules)
    if (rule.type == node.op_type) return rule.sink;
  return Sink::never;
}

/// Data inputs are those of the output's rank that vary or broadcast; scales and zero points are not data.
std::vector<std::size_t> data_inputs(const Node& node) {
  if (node.op_type == "QLinearAdd" || node.op_type == "QLinearMul" || node.op_type == "QBinary") return {0, 3};
  if (node.op_type == "Clip" || node.op_type == "Split" || node.op_type == "Lookup" || sink_of(node) == Sink::quantization) return {0};
  std::vector<std::size_t> all;
  if (node.op_type == "QLinearConcat") {
    for (std::size_t i = 2; i < node.inputs.size(); i += 3) all.push_back(i);
    return all;
  }
  for (std::size_t i = 0; i < node.inputs.size(); ++i) all.push_back(i);
  return all;
}

const Node* transpose_above(const Graph& graph, const Uses& uses, ValueId id) {
  const int n = id == ValueId::none ? -1 : uses.producer[index(id)];
  if (n < 0 || !graph.nodes[static_cast<std::size_t>(n)].is("Transpose")) return nullptr;
  return &graph.nodes[static_cast<std::size_t>(n)];
}

Tensor transpose_constant(const Tensor& t, const Perm& perm);

/// A constant (or one-element) operand of an elementwise operator, as it must be when the other is not transposed.
ValueId untransposed_constant(Graph& graph, ValueId id, const Perm& perm) {
  const Value value = graph[id];
  if (element_count(*value.shape) == 1) return id;
  Tensor padded = *value.constant;
  padded.shape.insert(padded.shape.begin(), perm.size() - padded.shape.size(), 1);
  return graph.add_constant(value.name, transpose_constant(padded, inverse(perm)));
}

Tensor transpose_constant(const Tensor& t, const Perm& perm) {
  Tensor out = make_tensor(t.type, permute(t.shape, perm));
  const auto item = static_cast<std::size_t>(size_of(t.type));
  std::vector<std::int64_t> stride(t.shape.size(), 1);
  for (std::size_t i = t.shape.size(); i-- > 1;) stride[i - 1] = stride[i] * t.shape[i];
  std::vector<std::int64_t> at(perm.size(), 0);
  for (std::int64_t i = 0; i < out.count(); ++i) {
    std::int64_t from = 0;
    for (std::size_t d = 0; d < perm.size(); ++d) from += at[d] * stride[static_cast<std::size_t>(perm[d])];
    std::memcpy(out.bytes.data() + static_cast<std::size_t>(i) * item, t.bytes.data() + static_cast<std::size_t>(from) * item, item);
    for (std::size_t d = perm.size(); d-- > 0;) {
      if (++at[d] < out.shape[d]) break;
      at[d] = 0;
    }
  }
  return out;
}

/// Position of old axis `axis` (of the transposed value) in the untransposed one.
std::int64_t remap(std::int64_t axis, const Perm& perm) {
  return perm[static_cast<std::size_t>(axis < 0 ? axis + static_cast<std::int64_t>(perm.size()) : axis)];
}

bool per_axis(const Graph& graph, const Node& node) {
  const Tensor* scale = graph.constant(node.inputs[1]);
  return !scale || scale->count() != 1;
}

/// The one permutation all run-time data inputs share; empty when they differ or there is none.
Perm common_perm(const Graph& graph, const Uses& uses, const Node& node) {
  Perm perm;
  for (const std::size_t i : data_inputs(node)) {
    const ValueId id = node.inputs[i];
    if (graph[id].constant || element_count(graph.shape(id)) == 1) continue;
    const Node* t = transpose_above(graph, uses, id);
    if (!t) return {};
    const Perm p = *t->attr_ints("perm");
    if (!perm.empty() && p != perm) return {};
    perm = p;
  }
  for (const std::size_t i : data_inputs(node)) {  // a broadcast operand of other rank is not moved
    const std::size_t rank = graph.shape(node.inputs[i]).size();
    const bool constant = graph[node.inputs[i]].constant != nullptr;
    if (rank > perm.size() || (rank < perm.size() && !constant && element_count(graph.shape(node.inputs[i])) != 1)) return {};
  }
  return perm;
}

}  // namespace

bool sink_into(GraphEditor& edit, const Uses& uses, std::size_t n) {
  Graph& graph = edit.graph;
  const Sink sink = sink_of(graph.nodes[n]);
  if (sink == Sink::never) return false;
  if (sink == Sink::quantization && per_axis(graph, graph.nodes[n])) return false;
  // A Transpose of the 8-bit side costs a quarter of one of the float side: it stays above a final DequantizeLinear.
  if (graph.nodes[n].is("DequantizeLinear") && uses.is_output[index(graph.nodes[n].outputs[0])]) return false;
  const Perm perm = common_perm(graph, uses, graph.nodes[n]);
  if (perm.empty()) return false;
  for (const std::size_t i : data_inputs(graph.nodes[n])) {
    const ValueId id = graph.nodes[n].inputs[i];
    const Node* t = transpose_above(graph, uses, id);
    graph.nodes[n].inputs[i] = t ? t->inputs[0] : graph[id].constant ? untransposed_constant(graph, id, perm) : id;
  }
  if (sink == Sink::axis) {
    const std::int64_t fallback = graph.nodes[n].op_type == "Split" ? 0 : 1;
    graph.nodes[n].attributes["axis"] = remap(graph.nodes[n].attr("axis", fallback), perm);
  }
  for (std::size_t o = graph.nodes[n].outputs.size(); o-- > 0;) {
    if (graph.nodes[n].outputs[o] == ValueId::none) continue;
    std::swap(graph.nodes[n].outputs[0], graph.nodes[n].outputs[o]);
    edit.transpose_output(n, inverse(perm));
    std::swap(graph.nodes[n].outputs[0], graph.nodes[n].outputs[o]);
  }
  return true;
}

bool absorb_into_weights(GraphEditor& edit, const Uses& uses, std::size_t n) {
  Graph& graph = edit.graph;
  Node& product = graph.nodes[n];
  const bool quantized = product.op_type == "QGemm" || product.op_type == "QLinearMatMul" || product.op_type == "QDQGemm";
  if (!quantized && !product.is("Gemm") && !product.is("MatMul")) return false;
  const std::size_t b = quantized ? 3 : 1;
  const Tensor* weights = graph.constant(product.inputs[b]);
  if (!weights || weights->shape.size() != 2 || product.attr("transA", 0) != 0) return false;
  const int above = uses.producer[index(product.inputs[0])];
  if (above < 0) return false;
  Node& reshape = graph.nodes[static_cast<std::size_t>(above)];
  const bool reshapes = reshape.is("Reshape") || reshape.is("Flatten") || reshape.is("Squeeze");
  const Node* t = reshapes ? transpose_above(graph, uses, reshape.inputs[0]) : nullptr;
  const Shape flat = graph.shape(product.inputs[0]);
  if (!t || !uses.single(reshape.outputs[0]) || element_count(flat) != flat.back()) return false;
  // Element i of the untransposed flat vector is element source[i] of the transposed one.
  const Shape image = graph.shape(t->inputs[0]);
  Tensor order = make_tensor(DType::int64, permute(image, *t->attr_ints("perm")));
  for (std::int64_t i = 0; i < order.count(); ++i) order.as<std::int64_t>()[static_cast<std::size_t>(i)] = i;
  const Tensor source = transpose_constant(order, inverse(*t->attr_ints("perm")));
  const bool transposed = product.attr("transB", 0) != 0;
  const auto k = flat.back(), m = weights->count() / k;
  const auto item = static_cast<std::size_t>(size_of(weights->type));
  Tensor permuted = make_tensor(weights->type, weights->shape);
  for (std::int64_t i = 0; i < k; ++i)
    for (std::int64_t o = 0; o < m; ++o) {
      const auto cell = [&](std::int64_t row) { return static_cast<std::size_t>(transposed ? o * k + row : row * m + o) * item; };
      std::memcpy(permuted.bytes.data() + cell(i), weights->bytes.data() + cell(source.integer(i)), item);
    }
  const ValueId image_value = t->inputs[0];
  const std::string name = graph[product.inputs[b]].name;
  reshape.inputs[0] = image_value;
  if (!reshape.is("Reshape")) {
    const ValueId target = graph.add_constant(name + "_shape", make_tensor(DType::int64, {static_cast<std::int64_t>(flat.size())}, std::span<const std::int64_t>(flat)));
    reshape = {"Reshape", "", reshape.name, reshape.index, {image_value, target}, reshape.outputs, {}};
  } else if (const Tensor* target = graph.constant(reshape.inputs[1]); !target || target->count() != static_cast<std::int64_t>(flat.size()) ||
             std::any_of(target->as<std::int64_t>().begin(), target->as<std::int64_t>().end(), [](std::int64_t d) { return d <= 0; })) {
    reshape.inputs[1] = graph.add_constant(name + "_shape", make_tensor(DType::int64, {static_cast<std::int64_t>(flat.size())}, std::span<const std::int64_t>(flat)));
  }
  product.inputs[b] = graph.add_constant(name, std::move(permuted));
  return true;
}

}  // namespace o2m
