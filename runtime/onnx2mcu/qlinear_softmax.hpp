// QLinearSoftmax as ONNX Runtime computes it: a table of 256 exponentials, their float sum in order, and a quotient
// that is rounded and then moved by the zero point.
#ifndef ONNX2MCU_QLINEAR_SOFTMAX_HPP
#define ONNX2MCU_QLINEAR_SOFTMAX_HPP

#include "requantize.hpp"

namespace onnx2mcu {

/// One row of L::n values, `L::inner` apart; y may be x. The largest value takes the last entry of the table.
template <class L, class T>
ONNX2MCU_INLINE void qlinear_softmax_row(const T* x, T* y) noexcept {
  T largest = x[0];
  for (int i = 1; i < L::n; ++i) largest = x[i * L::inner] > largest ? x[i * L::inner] : largest;
  const int shift = 255 - largest;
  float sum = 0.0F;
  for (int i = 0; i < L::n; ++i) sum += L::table[shift + x[i * L::inner]];
  for (int i = 0; i < L::n; ++i) {
    const float scaled = L::table[shift + x[i * L::inner]] * L::y_factor;
    if (L::may_overflow && scaled > 3.4028234663852886e+38F)
      y[i * L::inner] = L::y_overflow;
    else
      y[i * L::inner] = static_cast<T>(round_half_even(limit(scaled / sum, 0, L::y_max - L::y_zero_point)) + L::y_zero_point);
  }
}

/// x, y: [outer][n][inner], softmax along n; y may be x.
template <class L, class T>
ONNX2MCU_INLINE void qlinear_softmax(const T* x, T* y) noexcept {
  for (int o = 0; o < L::outer; ++o, x += L::n * L::inner, y += L::n * L::inner)
    for (int i = 0; i < L::inner; ++i) qlinear_softmax_row<L>(x + i, y + i);
}

}  // namespace onnx2mcu

#endif
