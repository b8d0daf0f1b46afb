#include "quantize/prepare.hpp"

#include <algorithm>
#include <cmath>

#include "passes/passes.hpp"
#include "passes/qdq/steps.hpp"
#include "quantize/layers.hpp"

namespace o2m {
namespace {

void refuse_quantized(const Graph& graph, Diagnostics& diagnostics) {
  for (const Node& node : graph.nodes)
    if (node.op_type.find("QuantizeLinear") != std::string::npos || node.op_type.rfind("QLinear", 0) == 0 ||
        node.is("ConvInteger") || node.is("MatMulInteger"))
      diagnostics.error({describe(graph, node),
                         "the model is quantized already",
                         {},
                         "give the float model it was made from"});
  if (diagnostics.errors.size() > 1) diagnostics.errors.resize(1);
  diagnostics.stop_on_errors();
}

/// The constant operand of Add and Mul comes second, where fold_into_conv looks for it.
void constants_second(Graph& graph) {
  for (Node& node : graph.nodes)
    if ((node.is("Add") || node.is("Mul")) && graph.constant(node.inputs[0]) &&
        !graph.constant(node.inputs[1]))
      std::swap(node.inputs[0], node.inputs[1]);
}

Tensor scaled(const Tensor& t, float factor) {
  Tensor result = t;
  for (float& v : result.as<float>()) v *= factor;
  return result;
}

/// MatMul of matrices as Gemm; alpha and beta in the constants; C as a vector.
void normalize_gemm(Graph& graph, Node& node) {
  const bool matmul = node.is("MatMul");
  if (!matmul && !node.is("Gemm")) return;
  const Tensor* b = graph.constant(node.inputs[1]);
  if (!b || b->shape.size() != 2 || graph.shape(node.inputs[0]).size() != 2 || b->type != DType::float32)
    return;
  node.op_type = "Gemm";
  const std::string& name = graph[node.outputs[0]].name;
  const float alpha = node.attr_float("alpha", 1.0F), beta = node.attr_float("beta", 1.0F);
  if (alpha != 1.0F) node.inputs[1] = graph.add_constant(name + "_weights", scaled(*b, alpha));
  node.attributes.erase("alpha");
  if (!node.has_input(2)) return;
  const Tensor* c = graph.constant(node.inputs[2]);
  const std::int64_t n = graph.shape(node.outputs[0])[1];
  if (!c || c->type != DType::float32 || (c->count() != 1 && (c->count() != n || c->shape.back() != n))) {
    if (alpha != 1.0F) node.attributes["alpha"] = 1.0F;
    return;
  }
  Tensor bias = make_tensor(DType::float32, {n});
  for (std::int64_t i = 0; i < n; ++i)
    bias.as<float>()[static_cast<std::size_t>(i)] =
        beta * c->as<float>()[c->count() == 1 ? 0 : static_cast<std::size_t>(i)];
  node.inputs[2] = graph.add_constant(graph[node.inputs[2]].name, std::move(bias));
  node.attributes.erase("beta");
}

/// Gemm -> BatchNormalization with constants.
void fold_into_gemm(Graph& graph, Node& gemm, Node& bn) {
  const auto w = weights_of(graph, gemm);
  const float epsilon = bn.attr_float("epsilon", 1e-5F);
  std::vector<float> factor;
  Tensor bias = make_tensor(DType::float32, {w->channels}), weights = *w->weights;
  for (std::size_t c = 0; c < static_cast<std::size_t>(w->channels); ++c) {
    const auto at = [&](std::size_t slot) { return graph.constant(bn.inputs[slot])->as<float>()[c]; };
    factor.push_back(at(1) / std::sqrt(at(4) + epsilon));
    bias.as<float>()[c] = ((w->bias ? w->bias->as<float>()[c] : 0.0F) - at(3)) * factor[c] + at(2);
  }
  for (std::size_t i = 0; i < weights.as<float>().size(); ++i)
    weights.as<float>()[i] *= factor[w->channel(i)];
  const std::string& name = graph[gemm.outputs[0]].name;
  gemm.inputs.resize(3);
  gemm.inputs[1] = graph.add_constant(name + "_weights", std::move(weights));
  gemm.inputs[2] = graph.add_constant(name + "_bias", std::move(bias));
  gemm.outputs = {bn.outputs[0]};
  bn.outputs = {ValueId::none};
}

void fold_normalizations(Graph& graph) {
  const Uses uses(graph);
  for (Node& bn : graph.nodes) {
    if (!bn.is("BatchNormalization")) continue;
    const int before = uses.producer[index(bn.inputs[0])];
    if (before < 0 || !uses.single(bn.inputs[0])) continue;
    Node& gemm = graph.nodes[static_cast<std::size_t>(before)];
    const bool constants =
        std::all_of(bn.inputs.begin() + 1, bn.inputs.end(), [&](ValueId id) { return graph.constant(id); });
    if (gemm.is("Gemm") && constants && weights_of(graph, gemm)) fold_into_gemm(graph, gemm, bn);
  }
  std::erase_if(graph.nodes, [](const Node& n) { return n.outputs[0] == ValueId::none; });
}

/// MaxPool -> Relu becomes Relu -> MaxPool, where the QuantizeLinear behind the layer before takes the Relu
/// over. True if something moved.
bool hoist_clamp(Graph& graph) {
  const Uses uses(graph);
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    if (role_of(graph, graph.nodes[n]) != Role::clamps) continue;
    const ValueId x = graph.nodes[n].inputs[0];
    const int before = uses.producer[index(x)];
    if (before < 0 || !uses.single(x)) continue;
    Node& mover = graph.nodes[static_cast<std::size_t>(before)];
    if (role_of(graph, mover) != Role::moves || mover.outputs.size() != 1 || !uses.single(mover.inputs[0]))
      continue;
    Node& clamp = graph.nodes[n];
    const ValueId y = clamp.outputs[0], clamped = x;
    graph[clamped].shape = graph.shape(mover.inputs[0]);
    clamp.inputs[0] = mover.inputs[0];
    clamp.outputs[0] = clamped;
    mover.inputs[0] = clamped;
    mover.outputs[0] = y;
    std::swap(mover, clamp);
    return true;
  }
  return false;
}

}  // namespace

void prepare_for_quantization(Graph& graph, std::int64_t least_opset, Diagnostics& diagnostics) {
  refuse_quantized(graph, diagnostics);
  infer_shapes(graph, diagnostics);
  raise_opset(graph, least_opset, diagnostics);
  constexpr int most_rounds = 10;
  for (int round = 0; round < most_rounds; ++round) {
    constants_second(graph);
    bool changed = false;
    for (bool (*step)(Graph&) : {remove_identities, merge_relu_into_clip, fold_into_conv, fold_into_matmul,
                                 merge_pad, merge_matmul_add})
      changed = step(graph) || changed;
    if (!changed) break;
  }
  for (Node& node : graph.nodes) normalize_gemm(graph, node);
  fold_normalizations(graph);
  while (hoist_clamp(graph)) {
  }
  infer_shapes(graph, diagnostics);
  remove_dead(graph);
}

}  // namespace o2m
