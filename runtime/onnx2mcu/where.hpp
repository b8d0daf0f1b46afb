// Where: y = c ? a : b, each of the three broadcast to the shape of y.
#ifndef ONNX2MCU_WHERE_HPP
#define ONNX2MCU_WHERE_HPP

#include "core.hpp"

namespace onnx2mcu {

template <class L, int D, class T>
ONNX2MCU_INLINE T* where_loop(const bool* c, const T* a, const T* b, T* y) noexcept {
  for (int i = 0; i < L::size[D]; ++i) {
    if constexpr (D + 1 < L::loops) {
      y = where_loop<L, D + 1>(c + i * L::c_step[D], a + i * L::a_step[D], b + i * L::b_step[D], y);
    } else {
      *y++ = c[i * L::c_step[D]] ? a[i * L::a_step[D]] : b[i * L::b_step[D]];
    }
  }
  return y;
}

/// size: the loops over y, outermost first; *_step: the distance in elements each input moves with them, 0 =
/// repeated. y may be an input that has its shape.
template <class L, class T>
ONNX2MCU_INLINE void where(const bool* c, const T* a, const T* b, T* y) noexcept {
  where_loop<L, 0>(c, a, b, y);
}

}  // namespace onnx2mcu

#endif
