// Pad. Padding grows nothing but loops: around the runs copied from x lie runs of a constant, or runs read
// from x in another direction (reflect: backwards, edge: standing still, wrap: from the other end).
#ifndef ONNX2MCU_PAD_HPP
#define ONNX2MCU_PAD_HPP

#include "run.hpp"

namespace onnx2mcu {

template <class L, int D, class T>
ONNX2MCU_INLINE T* pad_constant_loop(const T* x, T value, T* y) noexcept {
  y = fill_run(value, y, L::before[D]);
  if constexpr (D + 1 < L::loops) {
    for (int i = 0; i < L::size[D]; ++i) y = pad_constant_loop<L, D + 1>(x + i * L::step[D], value, y);
  } else {
    y = copy_run(x, y, L::size[D]);
  }
  return fill_run(value, y, L::after[D]);
}

/// In loop d, before[d] elements of *value, then size[d] rounds of what lies inside, then after[d] elements
/// of *value.
template <class L, class T>
ONNX2MCU_INLINE void pad_constant(const T* x, const T* value, T* y) noexcept {
  pad_constant_loop<L, 0>(x + L::first, *value, y);
}

template <class L, int D, class T>
ONNX2MCU_INLINE T* pad_mirror_loop(const T* x, T* y) noexcept {
  for (int r = L::runs[D]; r < L::runs[D + 1]; ++r) {
    const T* from = x + L::start[r];
    if constexpr (D + 1 < L::loops) {
      for (int i = 0; i < L::size[r]; ++i) y = pad_mirror_loop<L, D + 1>(from + i * L::step[r], y);
    } else {
      for (int i = 0; i < L::size[r]; ++i) y[i] = from[i * L::step[r]];
      y += L::size[r];
    }
  }
  return y;
}

/// Loop d walks over the pieces runs[d] to runs[d + 1]: size[r] rounds from start[r] on, step[r] elements
/// apart.
template <class L, class T>
ONNX2MCU_INLINE void pad_mirror(const T* x, T* y) noexcept {
  pad_mirror_loop<L, 0>(x, y);
}

}  // namespace onnx2mcu

#endif
