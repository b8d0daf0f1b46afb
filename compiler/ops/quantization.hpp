// Scale and zero point inputs of the quantized operators: reading and checking them, and choosing how a layer
// requantizes its int32 accumulators (compiler/requantize/ proves the choice).
#pragma once

#include <optional>
#include <vector>

#include "ops/lower.hpp"
#include "requantize/rule.hpp"

namespace o2m {

/// A constant scale: one element or one per channel; positive and finite.
std::vector<float> read_scales(const Tensor& scale, std::int64_t channels, const char* what);
/// A constant zero point as wide as its scale; missing means 0.
std::vector<std::int32_t> read_zero_points(const Tensor* zero_point, std::int64_t channels, const char* what);
float read_scale(const Tensor& scale, const char* what);
/// The same for input i of a node; one that is computed at run time is refused.
std::vector<std::int32_t> read_zero_points(const LowerContext& c, std::size_t i, std::int64_t channels,
                                           const char* what);
std::int32_t read_zero_point(const Tensor* zero_point, const char* what);
std::int32_t read_zero_point(const LowerContext& c, std::size_t i, const char* what);
/// For Quantize- and DequantizeLinear: scale (input 1) and zero point (input 2) have one shape, be it [] and
/// [1].
void check_parameter_shapes(const InferContext& c);

/// Effective weights w - zero_point, in int8 where they fit and int16 otherwise, with what the accumulators
/// need.
struct QuantizedWeights {
  DType type = DType::int8;
  std::vector<std::int32_t> values;  ///< [channels][taps]
  std::int64_t channels = 0, taps = 0;
  std::int32_t at(std::int64_t channel, std::int64_t tap) const {
    return values[static_cast<std::size_t>(channel * taps + tap)];
  }
};

/// `order(channel, tap)` gives the element index in `w` of tap `tap` of channel `channel`.
template <class Order>
QuantizedWeights gather_weights(const Tensor& w, const std::vector<std::int32_t>& zero_points,
                                std::int64_t channels, std::int64_t taps, Order order) {
  QuantizedWeights out{DType::int8, {}, channels, taps};
  out.values.reserve(static_cast<std::size_t>(channels * taps));
  for (std::int64_t c = 0; c < channels; ++c)
    for (std::int64_t t = 0; t < taps; ++t) {
      const auto value = static_cast<std::int32_t>(w.integer(order(c, t))) -
                         zero_points[zero_points.size() == 1 ? 0 : static_cast<std::size_t>(c)];
      if (value < -128 || value > 127) out.type = DType::int16;
      out.values.push_back(value);
    }
  return out;
}

/// Weights as a constant array, in the order of `values` permuted by `order(i)` -> index into values.
ConstantId weight_array(LowerContext& c, const QuantizedWeights& w);

/// The int32 accumulators of a layer: bias_c + sum over taps of w * (x - x_zero_point).
struct Accumulators {
  std::vector<AccumulatorRange> ranges;  ///< reachable, per channel
  std::vector<std::int32_t> bias;        ///< bias - x_zero_point * sum(w): what the kernel starts from
};

/// Refuses when a partial sum could leave int32. `bias` may be empty (zero). Each tap sees a value of x's
/// whole type.
Accumulators accumulators_of(const QuantizedWeights& w, const std::vector<std::int32_t>& bias, DType x_type,
                             std::int32_t x_zero_point);

/// Sum of each channel's weights, for kernels whose x_zero_point is known at run time only: refuses when with
/// any value of the 8-bit types of x and its zero point a partial sum could leave int32.
std::vector<std::int32_t> weight_sums(const QuantizedWeights& w);

/// Zero point input i as an operand of the kernel: a buffer, a constant array, or the constant 0 where it is
/// omitted.
Operand zero_point_operand(LowerContext& c, std::size_t i, DType type);

/// Adds the params of the cheapest provably exact requantization of accumulators in `ranges` with per-channel
/// (or one) `scales` to `call`, and says so in call.requantization.
void add_requantization(LowerContext& c, Call& call, const std::vector<float>& scales,
                        std::int32_t y_zero_point, DType y_type, const std::vector<AccumulatorRange>& ranges);

}  // namespace o2m
