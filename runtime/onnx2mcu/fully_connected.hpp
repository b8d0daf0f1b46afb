// Quantized matrix product with constant weights: y[r][o] = requantize(bias[o] + sum_i x[r][i] * w[o][i]).
#ifndef ONNX2MCU_FULLY_CONNECTED_HPP
#define ONNX2MCU_FULLY_CONNECTED_HPP

#include "requantize_channel.hpp"

namespace onnx2mcu {

/// The accumulators, each turned into an output by finish(acc, row, output).
/// x: [rows][in], y: [rows][out], weights: [out][in]; x and y do not overlap. bias: bias - x_zero_point * sum
/// of weights.
template <class L, class X, class Y, class Finish>
ONNX2MCU_INLINE void fully_connected_with(const X* x, Y* y, Finish finish) noexcept {
  for (int r = 0; r < L::rows; ++r)
    for (int o = 0; o < L::out; ++o)
      *y++ = finish(L::Cpu::dot(x + r * L::in, L::weights + o * L::in, L::in, L::bias[o]), r, o);
}

template <class L, class X, class Y>
ONNX2MCU_INLINE void fully_connected(const X* x, Y* y) noexcept {
  fully_connected_with<L>(x, y, [](std::int32_t acc, int, int o) noexcept {
    return static_cast<Y>(requantize_channel<L>(acc, o));
  });
}

/// The same to float: y[r][o] = float(accumulator) * scale[o].
template <class L, class X>
ONNX2MCU_INLINE void fully_connected_float(const X* x, float* y) noexcept {
  for (int r = 0; r < L::rows; ++r)
    for (int o = 0; o < L::out; ++o) {
      const std::int32_t acc = L::Cpu::dot(x + r * L::in, L::weights + o * L::in, L::in, L::bias[o]);
      *y++ = static_cast<float>(acc) * channel_element(L::scale, o);
    }
}

}  // namespace onnx2mcu

#endif
