// Float functions that cores without the instruction lack, and that must not come from a libm: rounding to
// integers, the square root. Correctly rounded.
#ifndef ONNX2MCU_FLOAT_FUNCTIONS_HPP
#define ONNX2MCU_FLOAT_FUNCTIONS_HPP

#include "float_math.hpp"

namespace onnx2mcu {

/// Round half to even in the default rounding mode, without libm.
ONNX2MCU_INLINE float round_half_even_f32(float x) noexcept {
  const float magnitude = __builtin_fabsf(x);
  if (!(magnitude < 0x1p23F)) return x;  // from 2^23 on every float is an integer
  float shifted = magnitude + 0x1p23F;
  ONNX2MCU_ROUNDED(shifted);
  return __builtin_copysignf(shifted - 0x1p23F, x);
}

/// The root on a core without the instruction: a digit a round, correctly rounded.
inline float sqrt_software(float x) noexcept {
  const std::uint32_t bits = float_bits(x);
  if (bits == 0 || bits == 0x80000000U || bits == 0x7F800000U) return x;
  if (!(x > 0.0F)) return __builtin_nanf("");
  int exponent = static_cast<int>(bits >> 23);
  std::uint32_t significand = bits & 0x007FFFFFU;
  if (exponent != 0)
    significand |= 0x00800000U;
  else
    for (exponent = 1; (significand & 0x00800000U) == 0; --exponent) significand <<= 1;
  exponent -= 127;
  const bool odd = exponent % 2 != 0;
  std::uint64_t rest = static_cast<std::uint64_t>(significand) << (odd ? 26 : 25), root = 0;
  for (std::uint64_t digit = std::uint64_t{1} << 48; digit != 0; digit >>= 2) {
    const bool one = rest >= root + digit;
    if (one) rest -= root + digit;
    root = (root >> 1) + (one ? digit : 0);
  }
  // The root has 25 bits; the last one rounds. A tie cannot happen: its square would need 49 bits.
  const int half = (exponent - (odd ? 1 : 0)) / 2;
  return float_from_bits((static_cast<std::uint32_t>(half + 126) << 23) +
                         static_cast<std::uint32_t>((root + 1) >> 1));
}

/// The root, correctly rounded, without libm.
inline float sqrt_f32(float x) noexcept {
#if defined(__arm__) && defined(__ARM_FP)
  float y = 0.0F;
  __asm__("vsqrt.f32 %0, %1" : "=t"(y) : "t"(x));
  return y;
#elif defined(__arm__)
  return sqrt_software(x);
#else
  return __builtin_sqrtf(x);
#endif
}

}  // namespace onnx2mcu

#endif
