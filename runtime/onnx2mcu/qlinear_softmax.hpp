// QLinearSoftmax along any axis.
#ifndef ONNX2MCU_QLINEAR_SOFTMAX_HPP
#define ONNX2MCU_QLINEAR_SOFTMAX_HPP

#include "float_qlinear.hpp"

namespace onnx2mcu {

/// x, y: [outer][n][inner], softmax along n; y may be x.
template <class L, class T>
ONNX2MCU_INLINE void qlinear_softmax(const T* x, T* y) noexcept {
  for (int o = 0; o < L::outer; ++o, x += L::n * L::inner, y += L::n * L::inner)
    for (int i = 0; i < L::inner; ++i)
      qlinear_softmax_row(x + i, y + i, L::n, L::inner, L::table, L::inverse_scale, L::y_zero_point);
}

}  // namespace onnx2mcu

#endif
