// Which scale and zero point belong to which element, for QuantizeLinear and DequantizeLinear: one for the
// tensor, one per channel of an axis, or (opset 21) one per block of elements along an axis.
#pragma once

#include "ops/quantization.hpp"

namespace o2m {

struct QuantizationAxis {
  std::int64_t channels = 1;  ///< extent of the axis
  std::int64_t inner = 1;     ///< elements behind one channel
  std::int64_t block =
      0;  ///< channels that share a scale, each element behind them having its own; 0: not in blocks
  std::int64_t scales = 1;  ///< how many there are

  /// Index of the scale of element i.
  std::int64_t scale_of(std::int64_t i) const {
    const std::int64_t channel = i / inner % channels;
    if (block == 0) return scales == 1 ? 0 : channel;
    return (i / (inner * channels) * ((channels + block - 1) / block) + channel / block) * inner + i % inner;
  }

  /// f(first, count, scale): neighbours with one scale, from element `first` on.
  template <class F>
  void for_each_run(std::int64_t size, F f) const {
    const std::int64_t run = block == 0 ? inner : 1;
    for (std::int64_t i = 0; i < size; i += run)
      f(static_cast<std::size_t>(i), static_cast<std::size_t>(run), static_cast<std::size_t>(scale_of(i)));
  }
};

/// Of a node whose input 0 has shape `x` and whose scale has shape `scale`.
QuantizationAxis quantization_axis(const Node& node, const Shape& x, const Shape& scale);

/// Refuses scales and zero points (inputs 1 and 2) of other shapes than the node's attributes demand.
void check_quantization(const InferContext& c);

/// Params size, channels, inner and, in blocks, block of the kernels in runtime/onnx2mcu/quantize_linear.hpp.
void add_quantization_axis(Call& call, const QuantizationAxis& axis, std::int64_t size);

/// Params scale and zero_point: constants of the node, named as in ONNX.
void add_quantization_constants(LowerContext& c, Call& call, const QuantizationAxis& axis, const char* scale,
                                const char* zero_point);

/// Whether scale or zero point are computed at run time: then they are operands of the kernel.
bool is_quantization_computed(const LowerContext& c);

/// Appends them to the call's reads; refuses any but one for the whole tensor.
void add_computed_quantization(LowerContext& c, Call& call, const QuantizationAxis& axis,
                               DType zero_point_type);

}  // namespace o2m
