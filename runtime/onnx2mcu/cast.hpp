// Cast with the results of C++ on x86, which ONNX Runtime's CPU provider has: a float out of an integer's
// range is converted to 32 or 64 bits first (x86 then gives the smallest integer) and cut to the type's low
// bits.
#ifndef ONNX2MCU_CAST_HPP
#define ONNX2MCU_CAST_HPP

#include <type_traits>

#include "float16.hpp"

namespace onnx2mcu {

/// Toward zero; NaN and values outside give INT32_MIN, as CVTTSS2SI does.
template <class F>
ONNX2MCU_INLINE std::int32_t truncate_to_int32(F v) noexcept {
  constexpr F end = static_cast<F>(2147483648.0);
  return v >= -end && v < end ? static_cast<std::int32_t>(v) : INT32_MIN;
}

template <class F>
ONNX2MCU_INLINE std::int64_t truncate_to_int64(F v) noexcept {
  constexpr F end = static_cast<F>(9223372036854775808.0);
  return v >= -end && v < end ? static_cast<std::int64_t>(v) : INT64_MIN;
}

/// ONNX Runtime converts blocks of four elements to uint32 by a 32-bit instruction, the rest by a 64-bit one:
/// out of range, the two differ.
template <class F>
ONNX2MCU_INLINE std::uint32_t truncate_to_uint32(F v, bool in_block) noexcept {
  constexpr F half = static_cast<F>(2147483648.0);
  if (!in_block) return static_cast<std::uint32_t>(truncate_to_int64(v));
  return v >= half ? static_cast<std::uint32_t>(truncate_to_int32(v - half)) ^ 0x80000000U
                   : static_cast<std::uint32_t>(truncate_to_int32(v));
}

template <class F>
ONNX2MCU_INLINE std::uint64_t truncate_to_uint64(F v) noexcept {
  constexpr F half = static_cast<F>(9223372036854775808.0);
  return v >= half ? static_cast<std::uint64_t>(truncate_to_int64(v - half)) ^ 0x8000000000000000U
                   : static_cast<std::uint64_t>(truncate_to_int64(v));
}

/// Element i of n. Y is bool, an integer, a floating-point type or Float16; so is X.
template <class Y, class X>
ONNX2MCU_INLINE Y cast_element(X v, int i, int n) noexcept {
  static_cast<void>(i);
  static_cast<void>(n);
  if constexpr (std::is_same<X, Y>::value) {
    return v;
  } else if constexpr (std::is_same<Y, Float16>::value) {
    return to_float16(static_cast<float>(v));
  } else if constexpr (std::is_same<X, Float16>::value) {  // to uint32 ONNX Runtime converts one by one,
                                                           // never in blocks
    return cast_element<Y>(static_cast<float>(v), 0, 0);
  } else if constexpr (std::is_same<Y, bool>::value) {
    return v != X(0);
  } else if constexpr (std::is_integral<X>::value || std::is_floating_point<Y>::value) {
    return static_cast<Y>(v);
  } else if constexpr (std::is_same<Y, std::uint32_t>::value) {
    return truncate_to_uint32(v, i < n / 4 * 4);
  } else if constexpr (std::is_same<Y, std::int64_t>::value) {
    return truncate_to_int64(v);
  } else if constexpr (std::is_same<Y, std::uint64_t>::value) {
    return truncate_to_uint64(v);
  } else {
    return static_cast<Y>(truncate_to_int32(v));
  }
}

/// x, y: L::size elements; y may be x when its elements are not larger.
template <class L, class X, class Y>
ONNX2MCU_INLINE void cast(const X* x, Y* y) noexcept {
  for (int i = 0; i < L::size; ++i) y[i] = cast_element<Y>(x[i], i, L::size);
}

}  // namespace onnx2mcu

#endif
