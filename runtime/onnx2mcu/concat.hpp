// Concat: `outer` rounds, in each a run of run[i] elements from every input i, one behind the other.
#ifndef ONNX2MCU_CONCAT_HPP
#define ONNX2MCU_CONCAT_HPP

#include "run.hpp"

namespace onnx2mcu {

/// The last pointer is the output.
template <class L, int I, class T>
ONNX2MCU_INLINE T* concat_from(T* y) noexcept {
  return y;
}

/// Places input I and those after it; returns the output.
template <class L, int I, class T, class... More>
ONNX2MCU_INLINE T* concat_from(const T* x, More... more) noexcept {
  T* y = concat_from<L, I + 1, T>(more...);
  for (int o = 0; o < L::outer; ++o) copy_run(x + o * L::run[I], y + o * L::total + L::start[I], L::run[I]);
  return y;
}

/// concat<L>(x0, x1, …, y): y[o][start[i] + j] = xi[o][j] for j < run[i]; start[i] is the sum of the runs
/// before i.
template <class L, class T, class... More>
ONNX2MCU_INLINE void concat(const T* x0, More... more) noexcept {
  concat_from<L, 0, T>(x0, more...);
}

}  // namespace onnx2mcu

#endif
