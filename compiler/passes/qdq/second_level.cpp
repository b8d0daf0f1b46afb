// Steps around the fusion into quantized operators: clamps that a Q makes redundant, int8 pairs to uint8, and
// requantization to the same parameters (ReluQuantFusion, ClipQuantFusion, QDQS8ToU8Transformer,
// QDQFinalCleanup).

#include <limits>

#include "passes/qdq/pairs.hpp"
#include "passes/qdq/steps.hpp"

namespace o2m {
namespace {

bool relu_is_redundant(const Graph& graph, const Node& q) {
  const Tensor* zero_point =
      q.has_input(zero_point_slot) ? graph.constant(q.inputs[zero_point_slot]) : nullptr;
  return zero_point && zero_point->count() == 1 && zero_point->integer(0) == min_of(zero_point->type);
}

/// Only for parameters of rank 0, as in ONNX Runtime.
bool clip_is_redundant(const Graph& graph, const Node& clip, const Node& q) {
  const auto p = per_tensor(graph, q);
  const auto bounds = clip_bounds(graph, clip);
  if (!p || !p->has_zero_point || !bounds) return false;
  if (!graph.shape(q.inputs[scale_slot]).empty() || !graph.shape(q.inputs[zero_point_slot]).empty())
    return false;
  const DType type = quantized_type(graph, q);
  const float lower = p->scale * static_cast<float>(min_of(type) - p->zero_point);
  const float upper = p->scale * static_cast<float>(max_of(type) - p->zero_point);
  constexpr float epsilon = std::numeric_limits<float>::epsilon();
  return !(epsilon < bounds->low - lower || epsilon < upper - bounds->high);
}

bool to_u8(Rewriter& r, int q, int dq) {
  const auto a = per_tensor(r.graph, r.node(q)), b = per_tensor(r.graph, r.node(dq));
  const auto is_s8 = [&](int n) {
    return !r.node(n).has_input(zero_point_slot) ||
           r.graph[r.node(n).inputs[zero_point_slot]].type == DType::int8;
  };
  if (!a || !b || !a->has_zero_point || !is_s8(q) || !is_s8(dq) || a->zero_point != b->zero_point)
    return false;
  const ValueId old = r.node(q).outputs[0];
  const ValueId quantized = r.new_value(old, "u8", DType::uint8);
  const ValueId zero_point =
      r.new_constant(old, "zero_point", scalar_tensor(DType::uint8, a->zero_point + 128));
  r.set_output(q, 0, quantized);
  r.set_input(dq, 0, quantized);
  r.set_input(q, zero_point_slot, zero_point);
  r.set_input(dq, zero_point_slot, zero_point);
  r.node(q).attributes.erase("output_dtype");
  return true;
}

}  // namespace

bool remove_clamps_before_q(Graph& graph) {
  Rewriter r(graph);
  for (int n = 0; n < static_cast<int>(r.size()); ++n) {
    const bool relu = r.node(n).is("Relu");
    const int q = relu || r.node(n).is("Clip") ? r.only_reader(n) : -1;
    if (q < 0 || !is_q(r.node(q)) || r.node(q).inputs[0] != r.node(n).outputs[0]) continue;
    // As in ONNX Runtime, a Clip with bounds as inputs stays where it reads a graph input.
    const bool stays = !relu && r.node(n).inputs.size() > 1 && r.input_node(n, 0) < 0;
    if (!stays &&
        (relu ? relu_is_redundant(graph, r.node(q)) : clip_is_redundant(graph, r.node(n), r.node(q))))
      r.bypass(n, r.node(n).inputs[0]);
  }
  return r.finish();
}

bool convert_s8_to_u8(Graph& graph) {
  Rewriter r(graph);
  const int count = static_cast<int>(r.size());
  for (int n = 0; n < count; ++n) {
    const int dq = is_q(r.node(n)) ? r.only_reader(n) : -1;
    if (dq >= 0 && is_dq(r.node(dq))) to_u8(r, n, dq);
  }
  return r.finish();
}

bool remove_requantization_to_same(Graph& graph) {
  Rewriter r(graph);
  const int count = static_cast<int>(r.size());
  for (int n = 0; n < count; ++n) {
    if (!r.alive(n) || !is_dq(r.node(n))) continue;
    const int q = r.only_reader(n);
    if (q < 0 || !is_q(r.node(q)) || !same_quantization(graph, r.node(q), r.node(n))) continue;
    if (r.edge_count(q) != (r.makes_output(q) ? 0U : 1U)) continue;
    const ValueId input = r.node(n).inputs[0];
    if (r.makes_output(q) && (r.producer(input) < 0 || r.is_output(input) || r.readers(input).size() > 1))
      continue;
    r.remove(n);
    r.bypass(q, input);
  }
  return r.finish();
}

}  // namespace o2m
