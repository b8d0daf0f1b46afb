// DynamicQuantizeLinear: a uint8 scale and zero point from the range of the values themselves, then QuantizeLinear.
#ifndef ONNX2MCU_DYNAMIC_QUANTIZE_LINEAR_HPP
#define ONNX2MCU_DYNAMIC_QUANTIZE_LINEAR_HPP

#include "requantize.hpp"

namespace onnx2mcu {

/// x, y: L::size elements; y may not overlap x. The range always includes 0.
template <class L>
ONNX2MCU_INLINE void dynamic_quantize_linear(const float* x, std::uint8_t* y, float* y_scale, std::uint8_t* y_zero_point) noexcept {
  float lowest = 0.0F, highest = 0.0F;
  for (int i = 0; i < L::size; ++i) {
    lowest = x[i] < lowest ? x[i] : lowest;
    highest = x[i] > highest ? x[i] : highest;
  }
  const float scale = highest == lowest ? 1.0F : (highest - lowest) / 255.0F;
  const float start = 0.0F - lowest / scale;
  const std::int32_t zero_point = round_half_even(limit(start, 0, 255));
  *y_scale = scale;
  *y_zero_point = static_cast<std::uint8_t>(zero_point);
  for (int i = 0; i < L::size; ++i) {
    const float scaled = x[i] / scale;
    const float low = static_cast<float>(-zero_point), high = static_cast<float>(255 - zero_point);
    const float clamped = scaled > low ? (scaled < high ? scaled : high) : low;  // NaN becomes the lowest value
    y[i] = static_cast<std::uint8_t>(round_half_even(clamped) + zero_point);
  }
}

}  // namespace onnx2mcu

#endif
