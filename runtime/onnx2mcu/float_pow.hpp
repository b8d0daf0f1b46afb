// powf as glibc computes it (Arm's optimized routines, MIT licence: log2 and exp2 in double from small
// tables), and Pow on integers. No libm.
#ifndef ONNX2MCU_FLOAT_POW_HPP
#define ONNX2MCU_FLOAT_POW_HPP

#include "binary.hpp"
#include "float_libm.hpp"

namespace onnx2mcu {

/// log2 of the positive float with these bits; a subnormal's are those of its 2^23-fold, less 23 in the
/// exponent.
inline double log2_of_bits(std::uint32_t bits) noexcept {
  constexpr double logarithm[16] = {-0x1.efec65b963019p-2, -0x1.b0b6832d4fca4p-2,
                                    -0x1.7418b0a1fb77bp-2, -0x1.39de91a6dcf7bp-2,
                                    -0x1.01d9bf3f2b631p-2, -0x1.97c1d1b3b7afp-3,
                                    -0x1.2f9e393af3c9fp-3, -0x1.960cbbf788d5cp-4,
                                    -0x1.a6f9db6475fcep-5, 0.0,
                                    0x1.338ca9f24f53dp-4,  0x1.476a9543891bap-3,
                                    0x1.e840b4ac4e4d2p-3,  0x1.40645f0c6651cp-2,
                                    0x1.88e9c2c1b9ff8p-2,  0x1.ce0a44eb17bccp-2};
  const std::uint32_t above = bits - 0x3F330000U;
  const auto i = (above >> 19) % 16;
  const double z = static_cast<double>(float_from_bits(bits - (above & 0xFF800000U)));
  const double r = z * libm_reciprocal[i] - 1.0;
  const double whole = logarithm[i] + static_cast<double>(static_cast<std::int32_t>(above) >> 23);
  const double r2 = r * r;
  const double high = 0x1.27616c9496e0bp-2 * r + -0x1.71969a075c67ap-2;
  const double middle = 0x1.ec70a6ca7baddp-2 * r + -0x1.7154748bef6c8p-1;
  const double low = 0x1.71547652ab82bp0 * r + whole;
  return high * (r2 * r2) + (middle * r2 + low);
}

/// 2^x, -150 < x < 128.
inline float exp2_of_double(double x) noexcept {
  constexpr double shift = 0x1.8p52 / 32;
  const double shifted = x + shift;
  const std::uint64_t k = double_bits(shifted);
  const double r = x - (shifted - shift);
  const double scale = double_from_bits(libm_exp2_table[k % 32] + (k << 47));
  const double z = 0x1.c6af84b912394p-5 * r + 0x1.ebfce50fac4f3p-3;
  return static_cast<float>((z * (r * r) + (0x1.62e42ff0c52d6p-1 * r + 1.0)) * scale);
}

/// 0: not an integer, 1: odd, 2: even. y is finite and not 0.
inline int parity_of(float y) noexcept {
  const std::uint32_t bits = float_bits(y);
  const int exponent = static_cast<int>(bits >> 23 & 0xFFU) - 127;
  if (exponent < 0) return 0;
  if (exponent > 23) return 2;
  const std::uint32_t unit = 1U << (23 - exponent);
  if ((bits & (unit - 1U)) != 0) return 0;
  return exponent == 0 || (bits & unit) != 0 ? 1 : 2;
}

/// pow where x is 0 or infinite, or y infinite; neither is NaN and y is not 0.
inline float pow_of_limits(float x, float y) noexcept {
  const float infinity = __builtin_inff(), magnitude = __builtin_fabsf(x);
  if (__builtin_fabsf(y) == infinity)
    return magnitude == 1.0F ? 1.0F : (magnitude > 1.0F) == (y > 0.0F) ? infinity : 0.0F;
  const float result = (magnitude == 0.0F) == (y > 0.0F) ? 0.0F : infinity;
  return parity_of(y) == 1 ? __builtin_copysignf(result, x) : result;
}

inline float libm_pow(float x, float y) noexcept {
  const float infinity = __builtin_inff(), magnitude = __builtin_fabsf(x);
  if (y == 0.0F || x == 1.0F) return 1.0F;
  if (x != x || y != y) return x + y;
  if (magnitude == 0.0F || magnitude == infinity || __builtin_fabsf(y) == infinity)
    return pow_of_limits(x, y);
  const int parity = x < 0.0F ? parity_of(y) : 2;
  if (parity == 0) return __builtin_nanf("");
  const std::uint32_t bits =
      magnitude < 0x1p-126F ? float_bits(magnitude * 0x1p23F) - (23U << 23) : float_bits(magnitude);
  const double exponent = static_cast<double>(y) * log2_of_bits(bits);
  const float result = exponent > 0x1.fffffffd1d571p+6 ? infinity
                       : exponent <= -150.0            ? 0.0F
                                                       : exp2_of_double(exponent);
  return parity == 1 ? -result : result;
}

/// x^n in double by squaring.
template <class N>
inline double power_of_integer(double x, N n) noexcept {
  const bool negative = n < 0;
  const auto wrapped = static_cast<std::uint64_t>(n);
  std::uint64_t rest = negative ? 0U - wrapped : wrapped;
  double power = 1.0;
  for (; rest != 0; rest >>= 1, x *= x)
    if ((rest & 1U) != 0) power *= x;
  return negative ? 1.0 / power : power;
}

namespace ops {

/// Pow with any two types; the result has the first one's.
struct Pow {
  template <class T, class E>
  static T apply(T x, E y) noexcept {
    if constexpr (std::is_integral_v<E>) {
      return static_cast<T>(power_of_integer(static_cast<double>(x), y));
    } else if constexpr (std::is_integral_v<T>) {
      const bool whole = y > -64.0F && y < 64.0F && (y == 0.0F || parity_of(y) != 0);
      if (whole)
        return static_cast<T>(power_of_integer(static_cast<double>(x), static_cast<std::int32_t>(y)));
      return static_cast<T>(libm_pow(static_cast<float>(x), y));
    } else {
      return libm_pow(x, y);
    }
  }
};

/// One exponent for all elements: ONNX Runtime multiplies for 2 and 3 (PowImpl, element_wise_ops.cc).
struct PowScalar {
  template <class T, class E>
  static T apply(T x, E y) noexcept {
    if (y == E{2}) return Mul::apply(x, x);
    if (y == E{3}) return Mul::apply(Mul::apply(x, x), x);
    return Pow::apply(x, y);
  }
};

}  // namespace ops

}  // namespace onnx2mcu

#endif
