// Quantized matrix product with constant weights: y[r][o] = requantize(bias[o] + sum_i x[r][i] * w[o][i]).
#ifndef ONNX2MCU_FULLY_CONNECTED_HPP
#define ONNX2MCU_FULLY_CONNECTED_HPP

#include "requantize_channel.hpp"

namespace onnx2mcu {

/// x: [rows][in], y: [rows][out], weights: [out][in]; x and y do not overlap. bias: bias - x_zero_point * sum of weights.
template <class L, class X, class Y>
ONNX2MCU_INLINE void fully_connected(const X* x, Y* y) noexcept {
  for (int r = 0; r < L::rows; ++r)
    for (int o = 0; o < L::out; ++o)
      *y++ = static_cast<Y>(requantize_channel<L>(L::Cpu::dot(x + r * L::in, L::weights + o * L::in, L::in, L::bias[o]), o));
}

}  // namespace onnx2mcu

#endif
