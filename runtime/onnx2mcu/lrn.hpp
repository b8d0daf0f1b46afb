// Local response normalization across channels, channels first, with the running sums of ONNX Runtime's
// kernel (lrn.cc): the square that enters the window is added, then the one that leaves is taken off.
#ifndef ONNX2MCU_LRN_HPP
#define ONNX2MCU_LRN_HPP

#include "float_math.hpp"
#include "float_pow.hpp"

namespace onnx2mcu {

/// x, y: [batch][channels][area]. L::window: channels that count, `before` of them before the channel itself.
template <class L>
ONNX2MCU_INLINE void lrn(const float* x, float* y) noexcept {
  const auto term = [](const float* pixel, int channel, float factor) ONNX2MCU_INLINE_LAMBDA {
    const bool inside = channel >= 0 && channel < L::channels;
    const float v = inside ? pixel[channel * L::area] : 0.0F;
    return product(factor, product(v, v));
  };
  for (int n = 0; n < L::batch; ++n, x += L::channels * L::area, y += L::channels * L::area)
    for (int i = 0; i < L::area; ++i) {
      float scale = L::bias;
      for (int c = 0; c < L::window; ++c) scale += term(x + i, c - L::before, L::factor);
      for (int c = 0; c < L::channels; ++c) {
        if (c > 0) {
          scale += term(x + i, c - L::before + L::window - 1, L::factor);
          scale += term(x + i, c - L::before - 1, -L::factor);
        }
        y[c * L::area + i] = product(libm_pow(scale, -L::beta), x[c * L::area + i]);
      }
    }
}

}  // namespace onnx2mcu

#endif
