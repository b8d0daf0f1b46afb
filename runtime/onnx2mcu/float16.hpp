// IEEE 754 binary16 as a type of stored elements: it converts to and from float and computes nothing.
#ifndef ONNX2MCU_FLOAT16_HPP
#define ONNX2MCU_FLOAT16_HPP

#include <cstring>

#include "core.hpp"

namespace onnx2mcu {

struct Float16 {
  std::uint16_t bits;
  explicit operator float() const noexcept;
};

/// The nearest float16, ties to even; a NaN keeps its sign and the upper bits of its payload.
inline Float16 to_float16(float v) noexcept {
  std::uint32_t bits = 0;
  std::memcpy(&bits, &v, sizeof bits);
  const std::uint32_t sign = (bits >> 16) & 0x8000U, magnitude = bits & 0x7FFFFFFFU;
  std::uint32_t half = 0;
  if (magnitude > 0x7F800000U) {
    half = 0x7E00U | ((magnitude >> 13) & 0x1FFU);
  } else if (magnitude >= 0x477FF000U) {  // rounds to 65536 or more
    half = 0x7C00U;
  } else if (magnitude >= 0x38800000U) {
    half = (magnitude + 0xFFFU + ((magnitude >> 13) & 1U) - 0x38000000U) >> 13;
  } else if (magnitude >=
             0x33000000U) {  // subnormal: units of 2^-24, of which 2^-25 is the smallest that may round up
    const std::uint32_t shift = 126U - (magnitude >> 23), mantissa = (magnitude & 0x7FFFFFU) | 0x800000U;
    const std::uint32_t below = mantissa & ((1U << shift) - 1U), tie = 1U << (shift - 1U);
    half = mantissa >> shift;
    half += below > tie || (below == tie && (half & 1U) != 0) ? 1U : 0U;
  }
  return {static_cast<std::uint16_t>(sign | half)};
}

inline Float16::operator float() const noexcept {
  const std::uint32_t sign = (bits & 0x8000U) << 16, exponent = (bits >> 10) & 31U, mantissa = bits & 0x3FFU;
  if (exponent == 0) {
    const float magnitude = static_cast<float>(mantissa) * 5.9604644775390625e-08F;  // 2^-24, exact
    return sign != 0 ? -magnitude : magnitude;
  }
  std::uint32_t wide = sign | ((exponent + 112U) << 23) | (mantissa << 13);
  if (exponent == 31) wide = sign | 0x7F800000U | (mantissa << 13) | (mantissa != 0 ? 0x400000U : 0U);
  float v = 0;
  std::memcpy(&v, &wide, sizeof v);
  return v;
}

}  // namespace onnx2mcu

#endif
