// Maximum of sliding windows of 8-bit integers, channels last. Cells outside the image do not count.
#ifndef ONNX2MCU_MAX_POOL_HPP
#define ONNX2MCU_MAX_POOL_HPP

#include <limits>
#include <type_traits>

#include "unrolled.hpp"
#include "window.hpp"

namespace onnx2mcu {

/// The maxima of N neighbouring channels over `cols` cells, from `first` on, of each row; `whole`: no row is
/// null. A window without cells gives the lowest value.
template <class L, int N, bool whole, int rows_given, class T>
ONNX2MCU_INLINE void max_of_cells(const T* const (&rows)[rows_given], int first, int cols, T* y) noexcept {
  if constexpr (whole && N * rows_given * L::k_w <= 16) {  // no loop: the maxima stay in registers
    unrolled<N>([&](auto n) ONNX2MCU_INLINE_LAMBDA {
      std::int32_t best = rows[0][first + n.value];
      unrolled<rows_given * L::k_w>([&](auto i) ONNX2MCU_INLINE_LAMBDA {
        const std::int32_t cell =
            rows[i.value / L::k_w][first + i.value % L::k_w * (L::dil_w * L::channels) + n.value];
        best = cell > best ? cell : best;
      });
      y[n.value] = static_cast<T>(best);
    });
    return;
  }
  T best[N];
  for (int n = 0; n < N; ++n) best[n] = std::numeric_limits<T>::lowest();
  for (const T* row : rows) {
    if (!whole && row == nullptr) continue;
    for (int c = 0; c < cols; ++c)
      for (int n = 0; n < N; ++n) {
        const T cell = row[first + c * (L::dil_w * L::channels) + n];
        best[n] = cell > best[n] ? cell : best[n];
      }
  }
  for (int n = 0; n < N; ++n) y[n] = best[n];
}

/// Calls visit(whole, first, cols, y) for each window of a row of output: nearly every window is whole, and
/// then the loops over its cells are written out. first: of its `cols` cells inside the image, in elements
/// from the start of each row.
template <class L, int n, class T, class Visit>
ONNX2MCU_INLINE void for_each_pool_window(const T* const (&rows)[n], T* y, Visit visit) noexcept {
  constexpr bool all_columns =
      L::pad_left == 0 && (L::out_w - 1) * L::stride_w + (L::k_w - 1) * L::dil_w < L::in_w;
  constexpr bool all_whole =
      all_columns && L::pad_top == 0 && (L::out_h - 1) * L::stride_h + (L::k_h - 1) * L::dil_h < L::in_h;
  if constexpr (all_whole) {
    for (int ox = 0, first = 0; ox < L::out_w; ++ox, first += L::stride_w * L::channels, y += L::channels)
      visit(std::true_type{}, first, L::k_w, y);
  } else {
    const bool all_rows = rows_inside(rows) == n;
    for (int ox = 0; ox < L::out_w; ++ox, y += L::channels) {
      const TapRange cols = columns_inside<L>(ox);
      const int first = (ox * L::stride_w - L::pad_left + cols.first * L::dil_w) * L::channels;
      if (all_rows && cols.last - cols.first == L::k_w)
        visit(std::true_type{}, first, L::k_w, y);
      else
        visit(std::false_type{}, first, cols.last - cols.first, y);
    }
  }
}

/// One row of output, [out_w][channels], from k_h rows of x, [in_w][channels], null outside the image.
template <class L, class T>
ONNX2MCU_INLINE void max_pool_stage(const T* const (&rows)[L::k_h], T* y, int) noexcept {
  constexpr int block = 4, blocks_end = L::channels / block * block;
  for_each_pool_window<L>(rows, y, [&rows](auto whole, int first, int cols, T* to) noexcept {
    for (int c = 0; c < blocks_end; c += block)
      max_of_cells<L, block, whole.value>(rows, first + c, cols, to + c);
    for (int c = blocks_end; c < L::channels; ++c)
      max_of_cells<L, 1, whole.value>(rows, first + c, cols, to + c);
  });
}

/// The same, the rows one after the other: part 0 begins, further ones join.
template <class L, class T>
ONNX2MCU_INLINE void max_pool_part(const T* row, T* y, int part) noexcept {
  const T* const rows[] = {row};
  for_each_pool_window<L>(rows, y, [&rows, part](auto whole, int first, int cols, T* to) noexcept {
    for (int c = 0; c < L::channels; ++c) {
      T best;
      max_of_cells<L, 1, whole.value>(rows, first + c, cols, &best);
      to[c] = part != 0 && to[c] > best ? to[c] : best;
    }
  });
}

/// x: [in_h][in_w][channels], y: [out_h][out_w][channels]; they do not overlap.
template <class L, class T>
ONNX2MCU_INLINE void max_pool(const T* x, T* y) noexcept {
  for_each_output_row<L, L::in_w * L::channels, L::out_w * L::channels>(
      x, y, [](const auto& rows, T* to, int oy) noexcept { max_pool_stage<L>(rows, to, oy); });
}

}  // namespace onnx2mcu

#endif
