// Normalization over groups of elements (LayerNormalization, RMSNormalization, InstanceNormalization,
// GroupNormalization, LpNormalization), each with the sums and roundings of ONNX Runtime's kernel.
#ifndef ONNX2MCU_NORMALIZATION_HPP
#define ONNX2MCU_NORMALIZATION_HPP

#include "float_functions.hpp"
#include "float_math.hpp"
#include "float_reduce.hpp"

namespace onnx2mcu {

/// Mean and deviation of a row, and how ONNX Runtime applies them: divided by the deviation, or multiplied by
/// its inverse.
struct RowStatistics {
  float mean, deviation;
};

/// Rows of that many elements go to MLAS's kernel for AVX2 (layernorm_kernel_avx2.cpp), shorter ones to a
/// plain loop.
template <class L>
constexpr bool row_in_lanes = L::n >= (L::simplified ? 16 : 8);

/// Squares of x - mean in eight sums, joined in halves; of the rest, four are rounded before they are added,
/// fewer not.
template <class L>
ONNX2MCU_INLINE float squares_in_lanes(const float* x, float mean) noexcept {
  float lanes[8] = {};
  constexpr int end = L::n / 8 * 8, rounded = L::n / 4 * 4;
  for (int i = 0; i < end; ++i) lanes[i % 8] = fused_multiply_add(x[i] - mean, x[i] - mean, lanes[i % 8]);
  const float* l = lanes;
  float sum = ((l[0] + l[4]) + (l[2] + l[6])) + ((l[1] + l[5]) + (l[3] + l[7]));
  for (int i = end; i < rounded; ++i) sum += product(x[i] - mean, x[i] - mean);
  for (int i = rounded; i < L::n; ++i) sum = fused_multiply_add(x[i] - mean, x[i] - mean, sum);
  return sum;
}

template <class L>
ONNX2MCU_INLINE RowStatistics row_statistics(const float* x) noexcept {
  const float n = static_cast<float>(L::n);
  float mean = 0.0F, squares = 0.0F;
  if constexpr (row_in_lanes<L>) {
    double sum = 0.0;
    for (int i = 0; i < L::n && !L::simplified; ++i) sum += static_cast<double>(x[i]);
    mean = static_cast<float>(sum / static_cast<double>(L::n));
    squares = squares_in_lanes<L>(x, mean);
  } else if constexpr (L::simplified) {
    for (int i = 0; i < L::n; ++i) squares += product(x[i], x[i]);
  } else {
    for (int i = 0; i < L::n; ++i) {  // Welford
      const float delta = x[i] - mean;
      mean += delta / static_cast<float>(i + 1);
      squares += product(delta, x[i] - mean);
    }
  }
  return {mean, sqrt_f32(squares / n + L::epsilon)};
}

/// Applies the statistics of a row to its elements: y = scaled(normalized element, i).
template <class L, class Scaled>
ONNX2MCU_INLINE void normalize_row(const float* x, float* y, Scaled scaled) noexcept {
  const RowStatistics s = row_statistics<L>(x);
  const float inverse = 1.0F / s.deviation;
  for (int i = 0; i < L::n; ++i) {
    const float centered = L::simplified ? x[i] : x[i] - s.mean;
    y[i] = scaled(row_in_lanes<L> ? product(centered, inverse) : centered / s.deviation, i);
  }
}

/// x, y: [rows][n], scale: [n]; y may be x.
template <class L>
ONNX2MCU_INLINE void layer_normalization(const float* x, const float* scale, float* y) noexcept {
  for (int r = 0; r < L::rows; ++r, x += L::n, y += L::n)
    normalize_row<L>(x, y, [=](float v, int i) { return product(v, scale[i]); });
}

/// The same with a bias [n].
template <class L>
ONNX2MCU_INLINE void layer_normalization(const float* x, const float* scale, const float* bias,
                                         float* y) noexcept {
  for (int r = 0; r < L::rows; ++r, x += L::n, y += L::n)
    normalize_row<L>(x, y, [=](float v, int i) {
      if constexpr (row_in_lanes<L>) return fused_multiply_add(v, scale[i], bias[i]);
      return product(v, scale[i]) + bias[i];
    });
}

/// The further outputs of LayerNormalization, one value per row.
template <class L>
ONNX2MCU_INLINE void layer_mean(const float* x, float* mean) noexcept {
  for (int r = 0; r < L::rows; ++r) mean[r] = row_statistics<L>(x + r * L::n).mean;
}

template <class L>
ONNX2MCU_INLINE void layer_inverse_deviation(const float* x, float* inverse) noexcept {
  for (int r = 0; r < L::rows; ++r) inverse[r] = 1.0F / row_statistics<L>(x + r * L::n).deviation;
}

/// x, y: [batch][channels][n] by the given steps, scale, bias: [channels]; y is not x. The squares are summed
/// in y.
template <class L>
ONNX2MCU_INLINE void instance_normalization(const float* x, const float* scale, const float* bias,
                                            float* y) noexcept {
  for (int b = 0; b < L::batch; ++b)
    for (int c = 0; c < L::channels; ++c) {
      const float* xc = x + b * L::channels * L::n + c * L::channel_step;
      float* yc = y + b * L::channels * L::n + c * L::channel_step;
      const float n = static_cast<float>(L::n);
      const float mean = sum_packets(xc, L::n, L::step, (b * L::channels + c) * L::n) / n;
      for (int i = 0; i < L::n; ++i) {
        const float d = xc[i * L::step] - mean;
        yc[i * L::step] = product(d, d);
      }
      const float deviation = sqrt_f32(sum_packets(yc, L::n, L::step, 0) / n + L::epsilon);
      const float factor = product(1.0F / deviation, scale[c]), shift = bias[c] - product(mean, factor);
      for (int i = 0; i < L::n; ++i) yc[i * L::step] = product(xc[i * L::step], factor) + shift;
    }
}

/// x, y: [batch][groups][n], scale, bias: one per L::inner elements (opset 21) or one per group; y is not x.
template <class L>
ONNX2MCU_INLINE void group_normalization(const float* x, const float* scale, const float* bias,
                                         float* y) noexcept {
  for (int r = 0; r < L::batch * L::groups; ++r, x += L::n, y += L::n) {
    for (int i = 0; i < L::n; ++i) y[i] = product(x[i], x[i]);
    const float n = static_cast<float>(L::n);
    const float square = sum_packets(y, L::n, 1, r * L::n) / n, mean = sum_packets(x, L::n, 1, r * L::n) / n;
    const float deviation = sqrt_f32((square - product(mean, mean)) + L::epsilon);
    const int first = r % L::groups * (L::n / L::inner);
    for (int i = 0; i < L::n; ++i)
      y[i] = product(scale[first + i / L::inner], (x[i] - mean) / deviation) + bias[first + i / L::inner];
  }
}

/// Every line of n elements, L::stride apart, divided by its norm of order L::p (1 or 2); a line of zeros
/// stays.
template <class L>
ONNX2MCU_INLINE void lp_normalization(const float* x, float* y) noexcept {
  for (int o = 0; o < L::outer; ++o, x += L::n * L::stride, y += L::n * L::stride)
    for (int s = 0; s < L::stride; ++s) {
      float sum = 0.0F;
      for (int i = 0; i < L::n; ++i) {
        const float v = x[i * L::stride + s];
        sum += L::p == 1 ? (v < 0.0F ? -v : v) : product(v, v);
      }
      const float norm = L::p == 1 ? sum : sqrt_f32(sum);
      for (int i = 0; i < L::n; ++i) y[i * L::stride + s] = norm == 0.0F ? 0.0F : x[i * L::stride + s] / norm;
    }
}

}  // namespace onnx2mcu

#endif
