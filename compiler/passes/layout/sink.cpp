#include "passes/layout/sink.hpp"

#include <string_view>

#include "ops/resize_axes.hpp"
#include "ops/window.hpp"

namespace o2m {
namespace {

/// How an operator's parameters follow when all its data inputs are transposed.
enum class Sink { never, elementwise, quantization, axis, axes };

Sink sink_of(const Node& node) {
  struct Rule {
    std::string_view type;
    Sink sink;
  };
  static constexpr Rule rules[] = {{"Relu", Sink::elementwise},
                                   {"Clip", Sink::elementwise},
                                   {"LeakyRelu", Sink::elementwise},
                                   {"Sigmoid", Sink::elementwise},
                                   {"Tanh", Sink::elementwise},
                                   {"HardSwish", Sink::elementwise},
                                   {"HardSigmoid", Sink::elementwise},
                                   {"Elu", Sink::elementwise},
                                   {"Exp", Sink::elementwise},
                                   {"Sqrt", Sink::elementwise},
                                   {"Cast", Sink::elementwise},
                                   {"Lookup", Sink::elementwise},
                                   {"Identity", Sink::elementwise},
                                   {"Add", Sink::elementwise},
                                   {"Sub", Sink::elementwise},
                                   {"Mul", Sink::elementwise},
                                   {"Div", Sink::elementwise},
                                   {"QLinearAdd", Sink::elementwise},
                                   {"QLinearMul", Sink::elementwise},
                                   {"QBinary", Sink::elementwise},
                                   {"QuantizeLinear", Sink::quantization},
                                   {"DequantizeLinear", Sink::quantization},
                                   {"Concat", Sink::axis},
                                   {"QLinearConcat", Sink::axis},
                                   {"Split", Sink::axis}};
  for (const Rule& rule : rules)
    if (rule.type == node.op_type) return rule.sink;
  return Sink::never;
}

/// Data inputs are those of the output's rank that vary or broadcast; scales and zero points are not data.
std::vector<std::size_t> data_inputs(const Node& node) {
  if (node.op_type == "QLinearAdd" || node.op_type == "QLinearMul" || node.op_type == "QBinary")
    return {0, 3};
  if (node.op_type == "Clip" || node.op_type == "Split" || node.op_type == "Lookup" ||
      sink_of(node) == Sink::quantization)
    return {0};
  std::vector<std::size_t> all;
  if (node.op_type == "QLinearConcat") {
    for (std::size_t i = 2; i < node.inputs.size(); i += 3) all.push_back(i);
    return all;
  }
  for (std::size_t i = 0; i < node.inputs.size(); ++i)
    if (node.has_input(i)) all.push_back(i);
  return all;
}

/// A constant (or one-element) operand of an elementwise operator, as it must be when the other is not
/// transposed.
ValueId untransposed_constant(Graph& graph, ValueId id, const Perm& perm) {
  const Value value = graph[id];
  if (element_count(*value.shape) == 1) return id;
  Tensor padded = *value.constant;
  padded.shape.insert(padded.shape.begin(), perm.size() - padded.shape.size(), 1);
  return graph.add_constant(value.name, transpose_constant(padded, inverse(perm)));
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
    if (rank > perm.size() ||
        (rank < perm.size() && !constant && element_count(graph.shape(node.inputs[i])) != 1))
      return {};
  }
  return perm;
}

/// Resize takes an image channels last as it takes one channels first, by an attribute of ours.
bool sink_into_resize(GraphEditor& edit, const Uses& uses, std::size_t n) {
  Node& node = edit.graph.nodes[n];
  const Node* t = transpose_above(edit.graph, uses, node.inputs[0]);
  if (!t || channels_last(node)) return false;
  const Perm perm = *t->attr_ints("perm");
  const Resize r = resolve_resize(edit.graph, node);
  if (perm != Perm{0, 3, 1, 2} || r.axes[0].scale != 1.0F || r.axes[1].scale != 1.0F) return false;
  node.inputs[0] = t->inputs[0];
  node.attributes["channels_last"] = std::int64_t{1};
  edit.transpose_output(n, inverse(perm));
  return true;
}

}  // namespace

bool sink_into(GraphEditor& edit, const Uses& uses, std::size_t n) {
  Graph& graph = edit.graph;
  if (graph.nodes[n].is("Resize") || graph.nodes[n].is("Upsample")) return sink_into_resize(edit, uses, n);
  const Sink sink = sink_of(graph.nodes[n]);
  if (sink == Sink::never) return false;
  if (sink == Sink::quantization && per_axis(graph, graph.nodes[n])) return false;
  // A Transpose of the 8-bit side costs a quarter of one of the float side: it stays above a final
  // DequantizeLinear.
  if (graph.nodes[n].is("DequantizeLinear") && uses.is_output[index(graph.nodes[n].outputs[0])]) return false;
  const Perm perm = common_perm(graph, uses, graph.nodes[n]);
  if (perm.empty()) return false;
  for (const std::size_t i : data_inputs(graph.nodes[n])) {
    const ValueId id = graph.nodes[n].inputs[i];
    const Node* t = transpose_above(graph, uses, id);
    graph.nodes[n].inputs[i] = t                    ? t->inputs[0]
                               : graph[id].constant ? untransposed_constant(graph, id, perm)
                                                    : id;
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

}  // namespace o2m
