#include "passes/qdq/pairs.hpp"

#include <limits>

namespace o2m {
namespace {

bool quantization_domain(const Node& node) { return node.domain.empty() || node.domain == "com.microsoft"; }

}  // namespace

bool is_q(const Node& node) { return node.op_type == "QuantizeLinear" && quantization_domain(node); }
bool is_dq(const Node& node) { return node.op_type == "DequantizeLinear" && quantization_domain(node); }

const Tensor* constant_scalar(const Graph& graph, const Node& node, std::size_t slot) {
  const Tensor* t = node.has_input(slot) ? graph.constant(node.inputs[slot]) : nullptr;
  return t && (t->shape.empty() || t->shape == Shape{1}) ? t : nullptr;
}

std::optional<PerTensor> per_tensor(const Graph& graph, const Node& node) {
  const Tensor* scale = constant_scalar(graph, node, scale_slot);
  if (!scale || scale->type != DType::float32) return std::nullopt;
  PerTensor p{static_cast<float>(scale->real(0)), 0, node.has_input(zero_point_slot)};
  if (!p.has_zero_point) return p;
  const Tensor* zero_point = constant_scalar(graph, node, zero_point_slot);
  if (!zero_point) return std::nullopt;
  p.zero_point = zero_point->integer(0);
  return p;
}

DType quantized_type(const Graph& graph, const Node& node) {
  return graph[is_q(node) ? node.outputs[0] : node.inputs[0]].type;
}

bool same_quantization(const Graph& graph, const Node& q, const Node& dq) {
  const auto a = per_tensor(graph, q), b = per_tensor(graph, dq);
  return a && b && a->has_zero_point && b->has_zero_point && a->zero_point == b->zero_point &&
         a->scale == b->scale &&
         graph[q.inputs[zero_point_slot]].type == graph[dq.inputs[zero_point_slot]].type;
}

std::optional<Bounds> clip_bounds(const Graph& graph, const Node& clip) {
  constexpr float limit = std::numeric_limits<float>::max();
  Bounds bounds{clip.attr_float("min", -limit), clip.attr_float("max", limit)};  // attributes up to opset 10
  const auto read = [&](std::size_t slot, float& bound) {
    if (!clip.has_input(slot)) return true;
    const Tensor* t = graph.constant(clip.inputs[slot]);
    if (!t || t->type != DType::float32 || t->count() != 1) return false;
    bound = static_cast<float>(t->real(0));
    return true;
  };
  if (!read(1, bounds.low) || !read(2, bounds.high)) return std::nullopt;
  return bounds;
}

}  // namespace o2m
