// The float arithmetic inside ONNX Runtime 1.30's quantized operators (CPU provider, x86-64): rounding, one
// element of (de)quantization, the parameters of DynamicQuantizeLinear, QLinearSoftmax.
#ifndef ONNX2MCU_FLOAT_QLINEAR_HPP
#define ONNX2MCU_FLOAT_QLINEAR_HPP

#include "float_libm.hpp"
#include "float_math.hpp"

namespace onnx2mcu {

/// Nearest integral float, ties to even, of any size.
inline float nearest_even(float x) noexcept {
  constexpr float two_23 = 8388608.0F;
  if (x >= 0.0F && x < two_23) return (x + two_23) - two_23;
  if (x < 0.0F && x > -two_23) return (x - two_23) + two_23;
  return x;
}

/// CVTPS2DQ: nearest, ties to even; INT32_MIN for NaN and for what int32 cannot hold.
inline std::int32_t round_to_int32(float x) noexcept {
  constexpr float two_31 = 2147483648.0F;
  if (!(x >= -two_31 && x < two_31)) return INT32_MIN;
  return static_cast<std::int32_t>(nearest_even(x));
}

/// QuantizeLinear of one element (quantize.cpp): divided, limited, rounded, then moved by the zero point.
inline std::int32_t quantize_element(float x, float scale, std::int32_t zero_point, std::int32_t y_min,
                                     std::int32_t y_max) noexcept {
  const float lowest = static_cast<float>(y_min - zero_point),
              highest = static_cast<float>(y_max - zero_point);
  return round_to_int32(min_ps(max_ps(x / scale, lowest), highest)) + zero_point;
}

/// DequantizeLinear of one element.
inline float dequantize_element(std::int32_t x, float scale, std::int32_t zero_point) noexcept {
  const std::uint32_t difference =
      static_cast<std::uint32_t>(x) - static_cast<std::uint32_t>(zero_point);  // int32 wraps
  return product(static_cast<float>(static_cast<std::int32_t>(difference)), scale);
}

struct QuantizationParameters {
  float scale;
  std::int32_t zero_point;
};

/// DynamicQuantizeLinear: the uint8 range that holds x and 0; NaN counts for nothing.
inline QuantizationParameters dynamic_quantization(const float* x, int size) noexcept {
  float lowest = 0.0F, highest = 0.0F;
  for (int i = 0; i < size; ++i) {
    lowest = x[i] < lowest ? x[i] : lowest;
    highest = x[i] > highest ? x[i] : highest;
  }
  const float scale = highest == lowest ? 1.0F : (highest - lowest) / 255.0F;
  return {scale, round_to_int32(min_ps(max_ps(0.0F - lowest / scale, 0.0F), 255.0F))};
}

/// QLinearSoftmax (qlinear_softmax.cc): table[i] = exp of the input i steps above the lowest quantized value,
/// scaled so that a sum of n of them stays finite. For the compiler: exp is taken in double.
inline void qlinear_softmax_table(float (&table)[256], float x_scale, int n) noexcept {
  const float largest = libm_log(3.402823466e+38F / static_cast<float>(n));
  const double room = static_cast<double>(largest) - 5.0;
  const double scale = static_cast<double>(x_scale);
  const double shift = (room > 0.0 ? room : 0.0) / scale;
  for (int i = 0; i < 256; ++i) {
    const double exponent = (static_cast<double>(i) - 255.0 + shift) * scale;
    table[i] = exponent < -700.0 ? 0.0F : static_cast<float>(exp_f64(exponent));
  }
}

/// n elements of uint8 or int8, stride apart. inverse_scale = floor(1 / y_scale).
template <class T>
ONNX2MCU_INLINE void qlinear_softmax_row(const T* x, T* y, int n, int stride, const float (&table)[256],
                                         float inverse_scale, std::int32_t y_zero_point) noexcept {
  constexpr bool is_signed = static_cast<T>(-1) < 0;
  constexpr std::int32_t y_max = is_signed ? 127 : 255;
  std::int32_t largest = x[0];
  for (int i = 1; i < n; ++i) largest = x[i * stride] > largest ? x[i * stride] : largest;
  const float* shifted = table + (255 - largest);
  float sum = 0.0F;
  for (int i = 0; i < n; ++i) sum += shifted[x[i * stride]];
  for (int i = 0; i < n; ++i) {
    const float ratio = product(shifted[x[i * stride]], inverse_scale) / sum;
    // What an overflowing ratio becomes (a tiny y_scale): 0 as uint32; INT32_MIN as int32, which a negative
    // zero point makes wrap around.
    const std::int32_t overflow = !is_signed ? y_zero_point : y_zero_point < 0 ? 127 : -128;
    const std::int32_t rounded = ratio < 2147483648.0F ? round_to_int32(ratio) + y_zero_point : overflow;
    y[i * stride] = static_cast<T>(rounded > y_max ? y_max : rounded);
  }
}

}  // namespace onnx2mcu

#endif
