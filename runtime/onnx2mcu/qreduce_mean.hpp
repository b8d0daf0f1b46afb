// ReduceMean of each channel of an 8-bit image, between DequantizeLinear and QuantizeLinear: one channel at a
// time in float, in ONNX Runtime's order, so that the image never exists in float.
#ifndef ONNX2MCU_QREDUCE_MEAN_HPP
#define ONNX2MCU_QREDUCE_MEAN_HPP

#include "float_qlinear.hpp"
#include "float_reduce.hpp"

namespace onnx2mcu {

/// x: `count` cells of `channels` channels, `cell_step` and `channel_step` elements apart; y: [channels];
/// values: `count`.
template <class L, class X, class Y>
ONNX2MCU_INLINE void qreduce_mean(const X* x, Y* y, float* values) noexcept {
  for (int c = 0; c < L::channels; ++c, x += L::channel_step) {
    for (int i = 0; i < L::count; ++i)
      values[i] = dequantize_element(x[i * L::cell_step], L::x_scale, L::x_zero_point);
    const float sum = sum_packets(values, L::count, 1, c * L::count);
    y[c] = static_cast<Y>(quantize_element(sum / static_cast<float>(L::count), L::y_scale, L::y_zero_point,
                                           L::y_min, L::y_max));
  }
}

}  // namespace onnx2mcu

#endif
