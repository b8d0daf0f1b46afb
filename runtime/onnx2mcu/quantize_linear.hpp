// QuantizeLinear and DequantizeLinear, per tensor (channels == 1) or per axis with `inner` elements behind a channel.
#ifndef ONNX2MCU_QUANTIZE_LINEAR_HPP
#define ONNX2MCU_QUANTIZE_LINEAR_HPP

#include "float_qlinear.hpp"
#include "requantize_channel.hpp"

namespace onnx2mcu {

/// y = round_half_even(clamp(x / scale)) + zero_point, dividing as ONNX Runtime does; NaN becomes y_min (x86).
template <class L, class Y>
ONNX2MCU_INLINE void quantize_linear(const float* x, Y* y) noexcept {
  for (int i = 0; i < L::size; ++i) {
    const int c = i / L::inner % L::channels;
    const std::int32_t zero_point = channel_element(L::zero_point, c);
    const float lowest = static_cast<float>(L::y_min - zero_point), highest = static_cast<float>(L::y_max - zero_point);
    const float scaled = x[i] / channel_element(L::scale, c);
    const float clamped = scaled > lowest ? (scaled < highest ? scaled : highest) : lowest;
    y[i] = static_cast<Y>(round_to_int32(clamped) + zero_point);
  }
}

/// y = float(x - zero_point) * scale.
template <class L, class X>
ONNX2MCU_INLINE void dequantize_linear(const X* x, float* y) noexcept {
  for (int i = 0; i < L::size; ++i) {
    const int c = i / L::inner % L::channels;
    y[i] = static_cast<float>(static_cast<std::int32_t>(x[i]) - channel_element(L::zero_point, c)) * channel_element(L::scale, c);
  }
}

}  // namespace onnx2mcu

#endif
