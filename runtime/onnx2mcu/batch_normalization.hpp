// BatchNormalization where it could not be folded into a convolution: y = x * factor + addend per channel,
// both roundings made.
#ifndef ONNX2MCU_BATCH_NORMALIZATION_HPP
#define ONNX2MCU_BATCH_NORMALIZATION_HPP

#include "float_functions.hpp"

namespace onnx2mcu {

/// x, y: [outer][channels][inner]; y may be x.
template <class L>
ONNX2MCU_INLINE void scale_and_shift(const float* x, const float* factor, const float* addend,
                                     float* y) noexcept {
  for (int o = 0; o < L::outer; ++o)
    for (int c = 0; c < L::channels; ++c)
      for (int i = 0; i < L::inner; ++i) *y++ = product(*x++, factor[c]) + addend[c];
}

/// The same from parameters that are only known at run time.
template <class L>
ONNX2MCU_INLINE void batch_normalization(const float* x, const float* scale, const float* b,
                                         const float* mean, const float* var, float* y) noexcept {
  for (int c = 0; c < L::channels; ++c) {
    const float factor = product(1.0F / sqrt_f32(var[c] + L::epsilon), scale[c]);
    const float addend = b[c] - product(mean[c], factor);
    for (int o = 0; o < L::outer; ++o) {
      const int first = (o * L::channels + c) * L::inner;
      for (int i = first; i < first + L::inner; ++i) y[i] = product(x[i], factor) + addend;
    }
  }
}

}  // namespace onnx2mcu

#endif
