// Maximum of sliding windows of 8-bit integers, channels last. Cells outside the image do not count.
#ifndef ONNX2MCU_MAX_POOL_HPP
#define ONNX2MCU_MAX_POOL_HPP

#include <limits>

#include "window.hpp"

namespace onnx2mcu {

/// The maxima of N neighbouring channels. A window without cells gives the lowest value.
template <class L, int N, class T>
ONNX2MCU_INLINE void max_of_cells(const T* first, int rows, int cols, T* y) noexcept {
  T best[N];
  for (int n = 0; n < N; ++n) best[n] = std::numeric_limits<T>::lowest();
  for (int r = 0; r < rows; ++r, first += L::dil_h * L::in_w * L::channels) {
    const T* cell = first;
    for (int c = 0; c < cols; ++c, cell += L::dil_w * L::channels)
      for (int n = 0; n < N; ++n) best[n] = cell[n] > best[n] ? cell[n] : best[n];
  }
  for (int n = 0; n < N; ++n) y[n] = best[n];
}

/// x: [in_h][in_w][channels], y: [out_h][out_w][channels]; they do not overlap.
template <class L, class T>
ONNX2MCU_INLINE void max_pool(const T* x, T* y) noexcept {
  constexpr int block = 4, blocks_end = L::channels / block * block;
  for_each_window<L>(x, [&y](const WindowCells<T>& w) {
    for (int c = 0; c < blocks_end; c += block) max_of_cells<L, block>(w.first + c, w.rows, w.cols, y + c);
    for (int c = blocks_end; c < L::channels; ++c) max_of_cells<L, 1>(w.first + c, w.rows, w.cols, y + c);
    y += L::channels;
  });
}

}  // namespace onnx2mcu

#endif
