// Split: `outer` rounds, in each a run of run[i] elements to every output i.
#ifndef ONNX2MCU_SPLIT_HPP
#define ONNX2MCU_SPLIT_HPP

#include "run.hpp"

namespace onnx2mcu {

/// Fills output I and those after it.
template <class L, int I, class T, class... More>
ONNX2MCU_INLINE void split_from(const T* x, T* y, More... more) noexcept {
  for (int o = 0; o < L::outer; ++o) copy_run(x + o * L::total + L::start[I], y + o * L::run[I], L::run[I]);
  if constexpr (sizeof...(More) > 0) split_from<L, I + 1>(x, more...);
}

/// split<L>(x, y0, y1, …): yi[o][j] = x[o][start[i] + j] for j < run[i]; start[i] is the sum of the runs
/// before i.
template <class L, class T, class... More>
ONNX2MCU_INLINE void split(const T* x, T* y0, More... more) noexcept {
  split_from<L, 0>(x, y0, more...);
}

}  // namespace onnx2mcu

#endif
