// DQ -> node -> Q becomes the quantized operator, or the node alone where it only moves data. The conditions
// are those of ONNX Runtime's QDQ selectors on x86-64, where Conv and MatMul take no int8 activations.

#include <algorithm>
#include <cmath>
#include <string_view>

#include "passes/qdq/pairs.hpp"
#include "passes/qdq/quantized_node.hpp"
#include "passes/qdq/steps.hpp"

namespace o2m {
namespace {

template <std::size_t N>
bool among(const std::string& type, const std::string_view (&types)[N]) {
  return std::find(std::begin(types), std::end(types), type) != std::end(types);
}

constexpr std::string_view moving[] = {"Expand",    "Flatten",   "Gather",       "GatherElements",
                                       "Reshape",   "Slice",     "Squeeze",      "Tile",
                                       "Transpose", "Unsqueeze", "DepthToSpace", "SpaceToDepth"};
constexpr std::string_view ordering[] = {"MaxPool", "ReduceMax", "ReduceMin"};  // need a positive scale
constexpr std::string_view unary[] = {"AveragePool", "GlobalAveragePool", "LeakyRelu", "Sigmoid", "Softmax"};
constexpr std::string_view binary[] = {"Add", "Mul"};

DType type_behind(const Rewriter& r, int dq) { return quantized_type(r.graph, r.node(dq)); }

bool all_of_type(const Rewriter& r, const QuantizedUnit& u, DType type) {
  const auto same = [&](int n) { return type_behind(r, n) == type; };
  return std::all_of(u.dqs.begin(), u.dqs.end(), same) && std::all_of(u.qs.begin(), u.qs.end(), same);
}

std::size_t actual_inputs(const Node& node) {
  return static_cast<std::size_t>(
      std::count_if(node.inputs.begin(), node.inputs.end(), [](ValueId id) { return id != ValueId::none; }));
}

/// CheckQDQNodes: `dq_count` inputs come from DQs, and each output goes to one Q and nowhere else.
bool complete(const Rewriter& r, const QuantizedUnit& u, std::size_t dq_count, bool q_optional = false) {
  if (u.dqs.size() != dq_count) return false;
  for (const int dq : u.dqs)
    if (r.only_reader(dq) != u.node) return false;
  if (u.qs.empty()) return q_optional;
  const auto& outputs = r.node(u.node).outputs;
  const auto made =
      std::count_if(outputs.begin(), outputs.end(), [](ValueId id) { return id != ValueId::none; });
  return static_cast<std::size_t>(made) == u.qs.size() && u.qs.size() == r.edge_count(u.node) &&
         !r.makes_output(u.node);
}

/// All Qs have the parameters of the one DQ.
bool keeps_quantization(const Rewriter& r, const QuantizedUnit& u) {
  return std::all_of(u.qs.begin(), u.qs.end(), [&](int q) {
    return type_behind(r, q) == type_behind(r, u.dqs[0]) &&
           same_quantization(r.graph, r.node(q), r.node(u.dqs[0]));
  });
}

bool can_drop(const Rewriter& r, const QuantizedUnit& u) {
  const Node& node = r.node(u.node);
  if (u.clamp >= 0 || !complete(r, u, 1) || !keeps_quantization(r, u)) return false;
  if (node.is("Split")) return true;
  if (among(node.op_type, moving)) return true;
  if (!is_8bit(type_behind(r, u.dqs[0]))) return false;
  if (node.is("Resize"))  // what interpolates or makes up elements stays in float
    return node.attr_string("mode", "nearest") == "nearest" &&
           node.attr_string("coordinate_transformation_mode", "half_pixel") != "tf_crop_and_resize";
  // Before opset 12 neither MaxPool nor the reductions take 8-bit integers.
  return among(node.op_type, ordering) && r.graph.opset() >= 12 &&
         per_tensor(r.graph, r.node(u.qs[0]))->scale > 0;
}

/// The int32 bias of a Conv counts in units of x_scale * w_scale, within 1 % and 1e-6, without a zero point.
bool bias_fits_accumulator(const Rewriter& r, const QuantizedUnit& u) {
  const Node& bias = r.node(u.dqs[2]);
  const auto scales = [&](int dq) -> std::span<const float> {
    const Tensor* t = r.graph.constant(r.node(dq).inputs[scale_slot]);
    return t && t->type == DType::float32 ? t->as<float>() : std::span<const float>();
  };
  const auto x = scales(u.dqs[0]), w = scales(u.dqs[1]), b = scales(u.dqs[2]);
  const auto channels = static_cast<std::size_t>(r.graph.shape(r.node(u.node).inputs[1])[0]);
  const auto one_or_all = [&](std::span<const float> s) { return s.size() == 1 || s.size() == channels; };
  if (x.size() != 1 || !one_or_all(w) || !one_or_all(b)) return false;
  for (std::size_t c = 0; c < channels; ++c) {
    const float expected = x[0] * w[w.size() == 1 ? 0 : c];
    if (!(std::abs(b[b.size() == 1 ? 0 : c] - expected) <= 1e-6F + 0.01F * std::abs(expected))) return false;
  }
  if (!bias.has_input(zero_point_slot)) return true;
  const Tensor* zero_point = r.graph.constant(bias.inputs[zero_point_slot]);
  if (!zero_point) return false;
  const auto values = zero_point->integers();
  return std::all_of(values.begin(), values.end(), [](std::int64_t v) { return v == 0; });
}

bool can_fuse_conv(const Rewriter& r, const QuantizedUnit& u) {
  if (!complete(r, u, actual_inputs(r.node(u.node))) || u.qs.empty()) return false;
  if (type_behind(r, u.dqs[0]) != DType::uint8 || type_behind(r, u.qs[0]) != DType::uint8) return false;
  if (!is_8bit(type_behind(r, u.dqs[1]))) return false;
  return u.dqs.size() < 3 || (type_behind(r, u.dqs[2]) == DType::int32 && bias_fits_accumulator(r, u));
}

/// QLinearMatMul before a Q, MatMulIntegerToFloat otherwise.
bool can_fuse_matmul(const Rewriter& r, const QuantizedUnit& u) {
  if (u.dqs.size() != 2 || type_behind(r, u.dqs[0]) != DType::uint8 || !is_8bit(type_behind(r, u.dqs[1])))
    return false;
  return u.qs.empty() ||
         (complete(r, u, actual_inputs(r.node(u.node))) && type_behind(r, u.qs[0]) == DType::uint8);
}

/// Scale or zero point of a Gemm operand: present, a scalar or one per output column.
bool fits_qgemm(const Graph& graph, const Node& dq, std::int64_t columns) {
  for (const std::size_t slot : {scale_slot, zero_point_slot}) {
    if (!dq.has_input(slot)) return false;
    const Shape& shape = graph.shape(dq.inputs[slot]);
    if (shape.size() > 1 || (shape.size() == 1 && shape[0] != 1 && shape[0] != columns)) return false;
  }
  return true;
}

bool can_fuse_gemm(const Rewriter& r, const QuantizedUnit& u) {
  const Node& node = r.node(u.node);
  if (!complete(r, u, actual_inputs(node), /*q_optional=*/true)) return false;
  const DType a = type_behind(r, u.dqs[0]), b = type_behind(r, u.dqs[1]);
  if (!is_8bit(a) || !is_8bit(b) || (a == DType::int8 && b != DType::int8)) return false;
  if (!u.qs.empty() && type_behind(r, u.qs[0]) != a) return false;
  const std::int64_t columns = r.graph.shape(node.outputs[0])[1];
  if (!fits_qgemm(r.graph, r.node(u.dqs[0]), 1) || !fits_qgemm(r.graph, r.node(u.dqs[1]), columns))
    return false;
  const Node& b_dq = r.node(u.dqs[1]);
  if (r.graph.shape(b_dq.inputs[scale_slot]) != r.graph.shape(b_dq.inputs[zero_point_slot])) return false;
  if (u.dqs.size() < 3) return true;
  return node.attr_float("alpha", 1) == 1.0F && node.attr_float("beta", 1) == 1.0F &&
         type_behind(r, u.dqs[2]) == DType::int32;
}

bool fuse(Rewriter& r, const QuantizedUnit& u) {
  const std::string& type = r.node(u.node).op_type;
  const std::size_t inputs = actual_inputs(r.node(u.node));
  if (type == "Split" || type == "Resize" || among(type, moving) || among(type, ordering))
    return can_drop(r, u) && drop_pairs(r, u);
  if (among(type, unary))
    return complete(r, u, 1) && is_8bit(type_behind(r, u.qs[0])) &&
           all_of_type(r, u, type_behind(r, u.qs[0])) && fuse_unary(r, u);
  if (among(type, binary) || type == "Concat") {
    const bool fits = complete(r, u, inputs) && is_8bit(type_behind(r, u.qs[0])) &&
                      all_of_type(r, u, type_behind(r, u.qs[0]));
    return fits && (type == "Concat" ? fuse_concat(r, u) : fuse_binary(r, u));
  }
  if (type == "Conv") return can_fuse_conv(r, u) && fuse_conv(r, u);
  if (type == "MatMul") return can_fuse_matmul(r, u) && fuse_matmul(r, u);
  return type == "Gemm" && can_fuse_gemm(r, u) && fuse_gemm(r, u);
}

/// GetQDQSelection: a Relu or Clip behind the node belongs to the unit, and must be redundant. ONNX
/// Runtime 1.30 rejects the model it makes in that case ("two nodes with same node name"); the clamp simply
/// goes here.
std::optional<QuantizedUnit> unit_of(const Rewriter& r, int n) {
  QuantizedUnit u{n, {}, {}, -1};
  for (std::size_t slot = 0; slot < r.node(n).inputs.size(); ++slot) {
    const int dq = r.input_node(n, slot);
    if (dq >= 0 && is_dq(r.node(dq))) u.dqs.push_back(dq);
  }
  int last = n;
  const int next = r.edge_count(n) == 1 ? r.only_reader(n) : -1;
  if (next >= 0 && (r.node(next).is("Relu") || r.node(next).is("Clip")) && r.only_reader(next) >= 0)
    last = u.clamp = next;
  for (const ValueId id : r.node(last).outputs) {
    if (id == ValueId::none) continue;
    int q = -1;
    for (const Edge& edge : r.readers(id))
      if (is_q(r.node(edge.node))) q = edge.node;
    if (q >= 0) u.qs.push_back(q);
  }
  if (u.clamp < 0) return u;
  const bool redundant = u.qs.size() == 1 && clamp_is_redundant(r.graph, r.node(u.clamp), r.node(u.qs[0]));
  return redundant ? std::optional(u) : std::nullopt;
}

}  // namespace

bool select_quantized(Graph& graph) {
  Rewriter r(graph);
  const int count = static_cast<int>(r.size());
  for (int n = 0; n < count; ++n) {
    if (!r.alive(n) || !r.node(n).domain.empty() || is_q(r.node(n)) || is_dq(r.node(n))) continue;
    const auto unit = unit_of(r, n);
    if (unit && !unit->dqs.empty()) fuse(r, *unit);
  }
  return r.finish();
}

}  // namespace o2m
