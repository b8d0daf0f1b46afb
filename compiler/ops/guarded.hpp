// Requantization of float products between DequantizeLinear and QuantizeLinear, in integers with a guard band
// (runtime/onnx2mcu/guarded.hpp): which fixed-point form, and how wide the band must be for a proof.
#pragma once

#include "ops/float_order.hpp"
#include "ops/quantization.hpp"

namespace o2m {

/// y = QuantizeLinear(sum over taps of DQ(x) * DQ(w) [+ bias] [, Relu]).
struct GuardedProduct {
  const QuantizedWeights& weights;  ///< [channels][taps]
  std::int64_t depth;  ///< of the taps, so many are innermost in memory, but outermost in the sum
  std::vector<AccumulatorRange> ranges;  ///< of sum(w * (x - x_zero_point)), per channel
  DType x_type;
  float x_scale;
  std::int32_t x_zero_point;
  std::vector<float> w_scales;  ///< one or one per channel
  std::vector<float> bias;      ///< real values, one per channel
  float y_scale;
  std::int32_t y_zero_point;
  DType y_type;
  bool relu;
  FloatOrder order;

  std::int64_t y_min() const { return relu ? y_zero_point : min_of(y_type); }
};

/// Adds the params of runtime/onnx2mcu/guarded.hpp and the explanation to `call`. Refuses scales for which no
/// band is narrower than a step.
void add_guarded_requantization(LowerContext& c, Call& call, const GuardedProduct& p);

/// Bias of a QDQ product as float: b is float32, or int32 with `b_scale` as DequantizeLinear gives it. `b`
/// null: zeros.
std::vector<float> real_bias(const Tensor* b, const Tensor* b_scale, std::int64_t channels);

}  // namespace o2m
