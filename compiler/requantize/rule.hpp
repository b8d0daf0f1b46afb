// The reference requantizers: how ONNX Runtime's CPU provider turns an int32 accumulator into an 8-bit value.
// Two orders exist. QLinearConv, QGemm, QLinearMatMul and QLinearGlobalAveragePool round first and then add
// the zero point (MlasRequantizeOutput); QLinearMul and QLinearAveragePool add it in float before rounding.
// Everything else in this folder is proven against these few lines.
#pragma once

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <cstdint>

#if defined(__FAST_MATH__)
#error "the reference requantizer needs IEEE arithmetic: do not compile it with -ffast-math"
#endif

namespace o2m {

static_assert(FLT_EVAL_METHOD == 0,
              "the reference requantizer needs float arithmetic without excess precision");

/// scale is finite and not negative; qmin <= zero_point <= qmax within ±2^16.
struct RequantizeRule {
  float scale = 1.0f;
  std::int32_t zero_point = 0;
  std::int32_t qmin = -128;
  std::int32_t qmax = 127;
  bool zero_point_before_rounding = false;

  friend bool operator==(const RequantizeRule&, const RequantizeRule&) = default;
};

/// Inclusive range of the int32 accumulators that can occur.
struct AccumulatorRange {
  std::int64_t lo = INT32_MIN;
  std::int64_t hi = INT32_MAX;

  friend bool operator==(const AccumulatorRange&, const AccumulatorRange&) = default;
};

/// The value ONNX Runtime computes for one int32 accumulator, bit for bit (x86-64).
inline std::int32_t reference(const RequantizeRule& rule, std::int64_t acc) {
  const float product = static_cast<float>(static_cast<std::int32_t>(acc)) * rule.scale;
  if (!rule.zero_point_before_rounding) {
    const float lowest = static_cast<float>(rule.qmin - rule.zero_point);
    const float highest = static_cast<float>(rule.qmax - rule.zero_point);
    const float clamped = std::min(std::max(product, lowest), highest);
    return static_cast<std::int32_t>(std::lrint(clamped)) + rule.zero_point;
  }
  const volatile float rounded_product = product;  // keeps the compiler from fusing product and sum
  const float sum = rounded_product + static_cast<float>(rule.zero_point);
  if (sum >= 2147483648.0f) return rule.qmin;  // CVTPS2DQ turns such a value into INT32_MIN
  const float clamped = std::min(std::max(sum, static_cast<float>(rule.qmin)), static_cast<float>(rule.qmax));
  return static_cast<std::int32_t>(std::lrint(clamped));
}

/// Whether the rule is a monotone function on the range. It always is when the zero point is added after
/// rounding; before rounding, a sum of 2^31 or more wraps to qmin in ONNX Runtime, which only an absurd scale
/// can reach.
inline bool is_monotone(const RequantizeRule& rule, AccumulatorRange range) {
  if (!rule.zero_point_before_rounding) return true;
  const volatile float product = static_cast<float>(range.hi) * rule.scale;
  return product + static_cast<float>(rule.zero_point) < 2147483648.0f;
}

}  // namespace o2m
