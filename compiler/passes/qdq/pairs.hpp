// What the steps of fold_qdq ask of QuantizeLinear (Q) and DequantizeLinear (DQ) nodes. Both exist in ai.onnx
// and, for older opsets, in com.microsoft.
#pragma once

#include <optional>

#include "passes/qdq/rewriter.hpp"

namespace o2m {

bool is_q(const Node& node);
bool is_dq(const Node& node);

/// Inputs of Q and DQ: data, scale, zero point.
inline constexpr std::size_t scale_slot = 1;
inline constexpr std::size_t zero_point_slot = 2;

/// A constant of rank 0 or of shape [1], which ONNX Runtime takes for a scalar; null for anything else.
const Tensor* constant_scalar(const Graph& graph, const Node& node, std::size_t slot);

/// Per-tensor scale and zero point that are constants. A missing zero point is 0.
struct PerTensor {
  float scale = 0;
  std::int64_t zero_point = 0;
  bool has_zero_point = false;
};
std::optional<PerTensor> per_tensor(const Graph& graph, const Node& node);

/// The 8- or 16-bit (or int32) type on the quantized side of a Q or a DQ.
DType quantized_type(const Graph& graph, const Node& node);

/// Both have constant scalar scales and explicit zero points, equal and of one type.
bool same_quantization(const Graph& graph, const Node& q, const Node& dq);

/// Lower and upper bound of a Clip when they are constants.
struct Bounds {
  float low, high;
};
std::optional<Bounds> clip_bounds(const Graph& graph, const Node& clip);

}  // namespace o2m
