// MaxPool with its second output, channels first: the place of every maximum in the flattened image, counted
// by rows or (storage_order 1) by columns. Of equal cells the first counts; so it is with ONNX Runtime's
// kernel (pool_functors.h).
#ifndef ONNX2MCU_MAX_POOL_INDICES_HPP
#define ONNX2MCU_MAX_POOL_INDICES_HPP

#include <limits>

#include "window.hpp"

namespace onnx2mcu {

/// x: [planes][in_h][in_w], y and indices: [planes][out_h][out_w]. L::channels is 1: a plane at a time.
template <class L, class T>
ONNX2MCU_INLINE void max_pool_indices(const T* x, T* y, std::int64_t* indices) noexcept {
  constexpr int area = L::in_h * L::in_w;
  for (int plane = 0; plane < L::planes; ++plane, x += area)
    for_each_window<L>(x, [&](const WindowCells<T>& w) {
      const T* best = nullptr;
      for (int r = 0; r < w.rows; ++r)
        for (int c = 0; c < w.cols; ++c) {
          const T* cell = w.first + r * L::dil_h * L::in_w + c * L::dil_w;
          if (best == nullptr || *cell > *best) best = cell;
        }
      const int at = best == nullptr ? -L::in_w - 1 : static_cast<int>(best - x);  // row -1, column -1
      *y++ = best == nullptr ? std::numeric_limits<T>::lowest() : *best;
      *indices++ =
          plane * area +
          (L::by_columns ? best == nullptr ? -L::in_h - 1 : at / L::in_w + at % L::in_w * L::in_h : at);
    });
}

}  // namespace onnx2mcu

#endif
