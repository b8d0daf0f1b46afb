// y in order, x read at a regular distance along each loop: Transpose, Slice, Expand, Tile, DepthToSpace, …
// The loops are unrolled by the C++ compiler from constants: no index arithmetic but one addition per
// element.
#ifndef ONNX2MCU_STRIDED_COPY_HPP
#define ONNX2MCU_STRIDED_COPY_HPP

#include "run.hpp"

namespace onnx2mcu {

/// Loop D and those inside it; returns where the next element goes.
template <class L, int D, class T>
ONNX2MCU_INLINE T* strided_loop(const T* x, T* y) noexcept {
  if constexpr (D + 1 < L::loops) {
    for (int i = 0; i < L::size[D]; ++i) y = strided_loop<L, D + 1>(x + i * L::step[D], y);
    return y;
  } else if constexpr (L::step[D] == 1) {
    return copy_run(x, y, L::size[D]);
  } else {
    for (int i = 0; i < L::size[D]; ++i) y[i] = x[i * L::step[D]];
    return y + L::size[D];
  }
}

/// y[…] = x[first + sum of i[d] * step[d]], i[d] in [0, size[d]), outermost first; x and y do not overlap.
template <class L, class T>
ONNX2MCU_INLINE void strided_copy(const T* x, T* y) noexcept {
  strided_loop<L, 0>(x + L::first, y);
}

}  // namespace onnx2mcu

#endif
