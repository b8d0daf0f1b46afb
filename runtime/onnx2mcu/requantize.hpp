// Requantization: the int32 accumulator of a layer to its 8-bit output, bit for bit as ONNX Runtime computes
// it. requantize_affine is the cheap integer form, used where the compiler proved it equal on every reachable
// accumulator. requantize_float is ONNX Runtime's own formula for cores with an FPU, requantize_exact the
// same formula in integers. "zero_point_first" is the order of Mul and AveragePool: the zero point is added
// before rounding.
#ifndef ONNX2MCU_REQUANTIZE_HPP
#define ONNX2MCU_REQUANTIZE_HPP

#include "core.hpp"

namespace onnx2mcu {

/// (acc * multiplier + addend) >> shift; the proof includes that nothing overflows.
ONNX2MCU_INLINE constexpr std::int32_t requantize_affine(std::int32_t acc, std::int32_t multiplier,
                                                         std::int64_t addend, int shift, std::int32_t qmin,
                                                         std::int32_t qmax) noexcept {
  const std::int64_t scaled = static_cast<std::int64_t>(acc) * multiplier + addend;
  return clamp(static_cast<std::int32_t>(scaled >> shift), qmin, qmax);
}

/// Nearest integer, ties to even, for |value| <= 2^22: 1.5 * 2^23 moves the integer into the low mantissa
/// bits.
ONNX2MCU_INLINE std::int32_t round_half_even(float value) noexcept {
  const float moved = value + 12582912.0f;
  std::int32_t bits = 0;
  static_assert(sizeof(bits) == sizeof(moved), "float has 32 bits");
  __builtin_memcpy(&bits, &moved, sizeof(bits));
  return bits - 0x4B400000;
}

ONNX2MCU_INLINE float limit(float value, std::int32_t lowest, std::int32_t highest) noexcept {
  const float low = static_cast<float>(lowest);
  const float high = static_cast<float>(highest);
  return value < low ? low : value > high ? high : value;
}

/// float(acc) * scale, limited to [lowest, highest]. The product is compared before anything is added to it,
/// so no compiler can fuse the multiplication with a following addition.
ONNX2MCU_INLINE float scaled_within(std::int32_t acc, float scale, std::int32_t lowest,
                                    std::int32_t highest) noexcept {
  return limit(static_cast<float>(acc) * scale, lowest, highest);
}

/// QLinearConv, QGemm, QLinearMatMul, QLinearGlobalAveragePool.
ONNX2MCU_INLINE std::int32_t requantize_float(std::int32_t acc, float scale, std::int32_t zero_point,
                                              std::int32_t qmin, std::int32_t qmax) noexcept {
  return round_half_even(scaled_within(acc, scale, qmin - zero_point, qmax - zero_point)) + zero_point;
}

/// QLinearMul, QLinearAveragePool. Limiting before the addition instead of after it gives the same bits: the
/// sum is monotone, and at both limits it is an integer.
ONNX2MCU_INLINE std::int32_t requantize_float_zero_point_first(std::int32_t acc, float scale,
                                                               std::int32_t zero_point, std::int32_t qmin,
                                                               std::int32_t qmax) noexcept {
  const float product = scaled_within(acc, scale, qmin - zero_point, qmax - zero_point);
  return round_half_even(product + static_cast<float>(zero_point));
}

/// QLinearAdd, not yet limited, where the compiler proved the integer form equal on every pair of inputs;
/// nothing overflows int32.
ONNX2MCU_INLINE constexpr std::int32_t add_affine(std::int32_t outer, std::int32_t inner,
                                                  std::int32_t outer_multiplier,
                                                  std::int32_t inner_multiplier, std::int32_t addend,
                                                  int shift) noexcept {
  return (outer * outer_multiplier + addend + inner * inner_multiplier) >> shift;
}

/// A positive finite float as significand * 2^exponent, 2^31 <= significand < 2^32; zero has significand 0.
struct ExactScale {
  std::uint32_t significand;
  std::int32_t exponent;
};

constexpr ExactScale exact_scale(std::uint32_t float_bits) noexcept {
  const std::uint32_t fraction = float_bits & 0x7FFFFFu;
  const std::int32_t field = static_cast<std::int32_t>((float_bits >> 23) & 0xFFu);
  const std::uint32_t significand = field != 0 ? fraction | 0x800000u : fraction;  // denormals have field 0
  if (significand == 0) return {0, 0};
  const int up = __builtin_clz(significand);
  return {significand << up, (field != 0 ? field : 1) - 150 - up};
}

inline ExactScale exact_scale(float scale) noexcept {
  std::uint32_t bits = 0;
  __builtin_memcpy(&bits, &scale, sizeof(bits));
  return exact_scale(bits);
}

/// |float(acc) * scale| rounded to 24 bits as the float multiplication rounds it: significand *
/// 2^-fraction_bits with significand 0 or 2^23…2^24. Denormal results keep more bits than a float has; they
/// round to 0 either way.
struct ExactProduct {
  std::uint32_t significand;
  std::int32_t fraction_bits;
};

/// The upper 24 bits of value, rounded to nearest, ties to even: 2^23…2^24 for a value with its top bit set.
constexpr std::uint32_t round_to_24_bits(std::uint32_t value) noexcept {
  const std::uint32_t kept = value >> 8;
  const std::uint32_t rest = value & 0xFFu;
  return kept + (rest + (kept & 1u) > 0x80u ? 1u : 0u);
}

constexpr ExactProduct exact_product(std::uint32_t magnitude, ExactScale scale) noexcept {
  if (magnitude == 0 || scale.significand == 0) return {0, 0};
  int down = __builtin_clz(magnitude);
  std::uint32_t factor = magnitude << down;
  if ((factor & 0xFFu) != 0) {  // above 2^24: the conversion to float rounds
    factor = round_to_24_bits(factor) << 8;
    if (factor == 0) {  // carried into the next power of two
      factor = 0x80000000u;
      --down;
    }
  }
  const std::uint64_t product = static_cast<std::uint64_t>(factor) * scale.significand;  // 2^62…2^64
  std::uint32_t upper = static_cast<std::uint32_t>(product >> 32);
  std::uint32_t lower = static_cast<std::uint32_t>(product);
  std::int32_t exponent = scale.exponent - down + 40;
  if ((upper >> 31) == 0) {
    upper = upper << 1 | lower >> 31;
    lower <<= 1;
    --exponent;
  }
  return {round_to_24_bits(upper | (lower != 0 ? 1u : 0u)), -exponent};  // the sticky bit keeps ties apart
}

constexpr std::uint32_t magnitude_of(std::int32_t value) noexcept {
  return value < 0 ? 0u - static_cast<std::uint32_t>(value) : static_cast<std::uint32_t>(value);
}

/// requantize_float in integers, for every int32 accumulator and every finite scale that is not negative.
constexpr std::int32_t requantize_exact(std::int32_t acc, ExactScale scale, std::int32_t zero_point,
                                        std::int32_t qmin, std::int32_t qmax) noexcept {
  const ExactProduct product = exact_product(magnitude_of(acc), scale);
  const int bits = product.fraction_bits;
  if (product.significand == 0 || bits > 24) return clamp(zero_point, qmin, qmax);  // at most a tie at 0.5
  if (bits < 1) return acc < 0 ? qmin : qmax;                                       // at least 2^23
  const std::uint32_t odd = (product.significand >> bits) & 1u;
  const std::uint32_t half = 1u << (bits - 1);
  const std::int32_t rounded = static_cast<std::int32_t>((product.significand + half - 1u + odd) >> bits);
  return clamp((acc < 0 ? -rounded : rounded) + zero_point, qmin, qmax);
}

inline std::int32_t requantize_exact(std::int32_t acc, float scale, std::int32_t zero_point,
                                     std::int32_t qmin, std::int32_t qmax) noexcept {
  return requantize_exact(acc, exact_scale(scale), zero_point, qmin, qmax);
}

/// value / 2^bits, rounded to nearest, ties to even; value + 2^(bits - 1) fits.
constexpr std::uint64_t shift_half_even(std::uint64_t value, int bits) noexcept {
  return (value + (std::uint64_t{1} << (bits - 1)) - 1u + ((value >> bits) & 1u)) >> bits;
}

/// requantize_float_zero_point_first in integers: the sum with 25 fraction bits, rounded to 24 bits as the
/// float addition rounds it, then to an integer. A product of at most 1/4 cannot move the result away from
/// the zero point.
constexpr std::int32_t requantize_exact_zero_point_first(std::int32_t acc, ExactScale scale,
                                                         std::int32_t zero_point, std::int32_t qmin,
                                                         std::int32_t qmax) noexcept {
  constexpr int fraction = 25;
  const ExactProduct product = exact_product(magnitude_of(acc), scale);
  const int bits = product.fraction_bits;
  if (product.significand == 0 || bits > fraction) return clamp(zero_point, qmin, qmax);
  if (bits < 7) return acc < 0 ? qmin : qmax;  // at least 2^17
  const std::int64_t scaled = static_cast<std::int64_t>(product.significand) << (fraction - bits);
  const std::int64_t sum = (acc < 0 ? -scaled : scaled) + zero_point * (std::int64_t{1} << fraction);
  std::uint64_t magnitude = static_cast<std::uint64_t>(sum < 0 ? -sum : sum);
  const int excess = magnitude == 0 ? 0 : 64 - 24 - __builtin_clzll(magnitude);
  if (excess > 0) magnitude = shift_half_even(magnitude, excess) << excess;
  const std::int32_t rounded = static_cast<std::int32_t>(shift_half_even(magnitude, fraction));
  return clamp(sum < 0 ? -rounded : rounded, qmin, qmax);
}

inline std::int32_t requantize_exact_zero_point_first(std::int32_t acc, float scale, std::int32_t zero_point,
                                                      std::int32_t qmin, std::int32_t qmax) noexcept {
  return requantize_exact_zero_point_first(acc, exact_scale(scale), zero_point, qmin, qmax);
}

}  // namespace onnx2mcu

#endif
