#include "passes/qdq/quantized_node.hpp"

#include <cmath>

#include "passes/qdq/pairs.hpp"

namespace o2m {
namespace {

using Inputs = std::vector<ValueId>;

/// The zero point of Q or DQ node `n`; an omitted one becomes a constant 0.
ValueId zero_point_of(Rewriter& r, int n) {
  if (r.node(n).has_input(zero_point_slot)) return r.node(n).inputs[zero_point_slot];
  return r.new_constant(r.node(n).outputs[0], "zero_point",
                        scalar_tensor(quantized_type(r.graph, r.node(n)), 0));
}

void append_operand(Rewriter& r, Inputs& inputs, int dq) {
  inputs.insert(inputs.end(), {r.node(dq).inputs[0], r.node(dq).inputs[scale_slot], zero_point_of(r, dq)});
}

void append_result(Rewriter& r, Inputs& inputs, int q) {
  inputs.insert(inputs.end(), {r.node(q).inputs[scale_slot], zero_point_of(r, q)});
}

void remove_all(Rewriter& r, const std::vector<int>& nodes) {
  for (const int n : nodes) r.remove(n);
}

/// Puts `domain`.`type` with `inputs` in the place of the unit; attributes stay.
bool put(Rewriter& r, const QuantizedUnit& u, const char* domain, const std::string& type, Inputs inputs) {
  Node fused = r.node(u.node);
  fused.domain = domain;
  fused.op_type = type;
  fused.inputs = std::move(inputs);
  if (!u.qs.empty()) fused.outputs = r.node(u.qs[0]).outputs;
  remove_all(r, u.qs);
  if (u.clamp >= 0) r.remove(u.clamp);
  r.replace(u.node, std::move(fused));
  remove_all(r, u.dqs);
  return true;
}

}  // namespace

bool drop_pairs(Rewriter& r, const QuantizedUnit& u) {
  Node node = r.node(u.node);
  node.inputs[0] = r.node(u.dqs[0]).inputs[0];
  for (std::size_t o = 0; o < u.qs.size(); ++o) node.outputs[o] = r.node(u.qs[o]).outputs[0];
  remove_all(r, u.qs);
  r.replace(u.node, std::move(node));
  remove_all(r, u.dqs);
  return true;
}

bool fuse_unary(Rewriter& r, const QuantizedUnit& u) {
  const std::int64_t opset = r.graph.opset();
  if (r.node(u.node).is("Softmax"))
    r.node(u.node).attributes["opset"] = std::int64_t{opset >= 13 ? 13 : opset >= 11 ? 11 : 1};
  Inputs inputs;
  append_operand(r, inputs, u.dqs[0]);
  append_result(r, inputs, u.qs[0]);
  return put(r, u, "com.microsoft", "QLinear" + r.node(u.node).op_type, std::move(inputs));
}

bool fuse_binary(Rewriter& r, const QuantizedUnit& u) {
  Inputs inputs;
  for (const int dq : u.dqs) append_operand(r, inputs, dq);
  append_result(r, inputs, u.qs[0]);
  return put(r, u, "com.microsoft", "QLinear" + r.node(u.node).op_type, std::move(inputs));
}

bool fuse_concat(Rewriter& r, const QuantizedUnit& u) {
  Inputs inputs;
  append_result(r, inputs, u.qs[0]);
  for (const int dq : u.dqs) append_operand(r, inputs, dq);
  return put(r, u, "com.microsoft", "QLinearConcat", std::move(inputs));
}

bool fuse_conv(Rewriter& r, const QuantizedUnit& u) {
  Inputs inputs;
  append_operand(r, inputs, u.dqs[0]);
  append_operand(r, inputs, u.dqs[1]);
  append_result(r, inputs, u.qs[0]);
  if (u.dqs.size() > 2) inputs.push_back(r.node(u.dqs[2]).inputs[0]);
  return put(r, u, "", "QLinearConv", std::move(inputs));
}

bool fuse_matmul(Rewriter& r, const QuantizedUnit& u) {
  Inputs a, b;
  append_operand(r, a, u.dqs[0]);
  append_operand(r, b, u.dqs[1]);
  if (u.qs.empty())
    return put(r, u, "com.microsoft", "MatMulIntegerToFloat", {a[0], b[0], a[1], b[1], a[2], b[2]});
  a.insert(a.end(), b.begin(), b.end());
  append_result(r, a, u.qs[0]);
  return put(r, u, "", "QLinearMatMul", std::move(a));
}

bool fuse_gemm(Rewriter& r, const QuantizedUnit& u) {
  Inputs inputs;
  append_operand(r, inputs, u.dqs[0]);
  append_operand(r, inputs, u.dqs[1]);
  inputs.push_back(u.dqs.size() > 2 ? r.node(u.dqs[2]).inputs[0] : ValueId::none);
  if (!u.qs.empty()) append_result(r, inputs, u.qs[0]);
  r.node(u.node).attributes.erase("beta");
  return put(r, u, "com.microsoft", "QGemm", std::move(inputs));
}

bool clamp_is_redundant(const Graph& graph, const Node& clamp, const Node& q) {
  const auto p = per_tensor(graph, q);
  if (!p) return false;
  const DType type = quantized_type(graph, q);
  if (clamp.is("Relu")) return p->zero_point == min_of(type);
  const auto bounds = clip_bounds(graph, clamp);
  if (!bounds) return false;
  const auto quantized = [&](float bound) {
    return std::nearbyint(bound / p->scale) + static_cast<float>(p->zero_point);
  };
  return quantized(bounds->low) <= static_cast<float>(min_of(type)) &&
         quantized(bounds->high) >= static_cast<float>(max_of(type));
}

}  // namespace o2m
