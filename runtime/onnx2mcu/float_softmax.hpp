// Softmax and LogSoftmax of one row with the bits of ONNX Runtime 1.30's CPU provider on x86-64 with AVX512F.
// The sum of the exponentials runs in sixteen lanes, as in its vector kernel; that order fixes the last bit.
// For an axis other than the last ONNX Runtime transposes, so a row may be gathered with a stride.
#ifndef ONNX2MCU_FLOAT_SOFTMAX_HPP
#define ONNX2MCU_FLOAT_SOFTMAX_HPP

#include "float_libm.hpp"
#include "float_math.hpp"

namespace onnx2mcu {

/// MlasReduceMaximumF32KernelAvx512F. Without NaN a maximum has no order, but for the sign of a zero, which
/// exp(x - maximum) does not see.
inline float row_maximum(const float* x, int n, int stride) noexcept {
  float maximum = -3.402823466e+38F;
  for (int i = 0; i < n; ++i) maximum = max_ps(maximum, x[i * stride]);
  return maximum;
}

/// Sixteen lanes as VEXTRACTF64X4, VADDPS, VHADDPS, VHADDPS, VADDSS add them up.
inline float sum_of_16_lanes(const float* lane) noexcept {
  float half[8] = {};
  for (int i = 0; i < 8; ++i) half[i] = lane[8 + i] + lane[i];
  return ((half[0] + half[1]) + (half[2] + half[3])) + ((half[4] + half[5]) + (half[6] + half[7]));
}

/// MlasComputeSumExpF32KernelAvx512F (TransKernelAvx512F.S): the sum of exp(x - maximum); y receives the
/// terms unless it is null.
inline float sum_exp(const float* x, float* y, int n, int stride, float maximum) noexcept {
  float lane[16] = {};
  for (int i = 0; i < n; ++i) {
    const float term = exp_f32(-maximum + x[i * stride]);
    lane[i % 16] += term;
    if (y != nullptr) y[i * stride] = term;
  }
  return sum_of_16_lanes(lane);
}

/// n elements, stride apart; y may be x. (compute.cpp, MlasComputeSoftmaxThreaded)
inline void softmax_row(const float* x, float* y, int n, int stride) noexcept {
  const float scale = 1.0F / sum_exp(x, y, n, stride, row_maximum(x, n, stride));
  for (int i = 0; i < n; ++i) y[i * stride] = scale * y[i * stride];
}

inline void log_softmax_row(const float* x, float* y, int n, int stride) noexcept {
  const float maximum = row_maximum(x, n, stride);
  const float logarithm = libm_log(sum_exp(x, nullptr, n, stride, maximum));
  for (int i = 0; i < n; ++i) y[i * stride] = (-maximum + x[i * stride]) - logarithm;
}

}  // namespace onnx2mcu

#endif
