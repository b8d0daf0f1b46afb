// Averages of 8-bit windows, channels last, requantized: QLinearAveragePool and QLinearGlobalAveragePool.
// ONNX Runtime's QLinearAveragePool adds dequantized floats, so its result may depend on the order of the
// cells where the average lies near a rounding boundary. The integer form below is proven for all sums that
// lie further away than L::recheck; the others, if any, are computed again in ONNX Runtime's way.
#ifndef ONNX2MCU_AVERAGE_POOL_HPP
#define ONNX2MCU_AVERAGE_POOL_HPP

#include "float_qlinear.hpp"
#include "requantize_channel.hpp"
#include "window.hpp"

namespace onnx2mcu {

/// ONNX Runtime's own arithmetic for one channel: rows, then columns, each product and each sum rounded to
/// float.
template <class L, class X>
inline std::int32_t average_in_float(const X* const (&rows)[L::k_h], int first, int cols) noexcept {
  float sum = 0.0F;
  for (const X* row : rows)
    for (int c = 0; row != nullptr && c < cols; ++c)
      sum += dequantize_element(row[first + c * L::channels], L::x_scale, L::x_zero_point);
  const int divisor = L::count_include_pad ? L::k_h * L::k_w : rows_inside(rows) * cols;
  const float average = sum / static_cast<float>(divisor) / L::y_scale + static_cast<float>(L::y_zero_point);
  if (average >= 2147483648.0F) return L::y_min;  // does not fit the int32 that ONNX Runtime converts it to
  return round_half_even(limit(average, L::y_min, L::y_max));
}

/// sum: of x - x_zero_point over `cols` cells, from `first` on, of each row inside the image; `cells`
/// altogether. L::multiplier, L::addend: one element, or one per number of cells. L::recheck is the half
/// width of the doubtful zone around a rounding boundary, in units of 2^-shift.
template <class L, class X>
ONNX2MCU_INLINE std::int32_t average_of_sum(std::int32_t sum, const X* const (&rows)[L::k_h], int first,
                                            int cols, int cells) noexcept {
  const int c = cells - 1;
  const std::int64_t scaled =
      static_cast<std::int64_t>(sum) * channel_element(L::multiplier, c) + channel_element(L::addend, c);
  if constexpr (L::recheck > 0) {
    const std::int64_t fraction = (scaled + L::recheck) & ((std::int64_t{1} << L::shift) - 1);
    if (fraction < 2 * L::recheck) return average_in_float<L>(rows, first, cols);
  }
  return clamp(static_cast<std::int32_t>(scaled >> L::shift), L::y_min, L::y_max);
}

/// Adds `count` neighbouring cells to the sums of N neighbouring channels.
template <class L, int N, class X>
ONNX2MCU_INLINE void add_cells(const X* cell, int count, std::int32_t* sum) noexcept {
  for (int i = 0; i < count; ++i, cell += L::channels)
    for (int n = 0; n < N; ++n) sum[n] += cell[n];
}

template <class L, int N, class X, class Y>
ONNX2MCU_INLINE void average_of_cells(const X* const (&rows)[L::k_h], int first, int cols, int cells,
                                      Y* y) noexcept {
  std::int32_t sum[N];
  for (int n = 0; n < N; ++n) sum[n] = -cells * L::x_zero_point;
  for (const X* row : rows)
    if (row != nullptr) add_cells<L, N>(row + first, cols, sum);
  for (int n = 0; n < N; ++n) y[n] = static_cast<Y>(average_of_sum<L>(sum[n], rows, first + n, cols, cells));
}

/// One row of output, [out_w][channels], from k_h rows of x, [in_w][channels], null outside the image. dil_h
/// = dil_w = 1.
template <class L, class X, class Y>
ONNX2MCU_INLINE void average_pool_stage(const X* const (&rows)[L::k_h], Y* y, int) noexcept {
  constexpr int block = 4, blocks_end = L::channels / block * block;
  const int rows_count = rows_inside(rows);
  for (int ox = 0; ox < L::out_w; ++ox, y += L::channels) {
    const TapRange taps = columns_inside<L>(ox);
    const int cols = taps.last - taps.first,
              first = (ox * L::stride_w - L::pad_left + taps.first) * L::channels;
    for (int c = 0; c < blocks_end; c += block)
      average_of_cells<L, block>(rows, first + c, cols, rows_count * cols, y + c);
    for (int c = blocks_end; c < L::channels; ++c)
      average_of_cells<L, 1>(rows, first + c, cols, rows_count * cols, y + c);
  }
}

/// x: [in_h][in_w][channels], y: [out_h][out_w][channels]; they do not overlap.
template <class L, class X, class Y>
ONNX2MCU_INLINE void average_pool(const X* x, Y* y) noexcept {
  for_each_output_row<L, L::in_w * L::channels, L::out_w * L::channels>(
      x, y, [](const auto& rows, Y* to, int oy) noexcept { average_pool_stage<L>(rows, to, oy); });
}

template <class L, int N, class X, class Y>
ONNX2MCU_INLINE void average_of_image(const X* first, Y* y) noexcept {
  std::int32_t sum[N];
  for (int n = 0; n < N; ++n) sum[n] = -(L::in_h * L::in_w * L::x_zero_point);
  add_cells<L, N>(first, L::in_h * L::in_w, sum);
  for (int n = 0; n < N; ++n) y[n] = static_cast<Y>(requantize_channel<L>(sum[n], 0));
}

/// x: [in_h][in_w][channels], y: [channels]; they do not overlap.
template <class L, class X, class Y>
ONNX2MCU_INLINE void global_average_pool(const X* x, Y* y) noexcept {
  constexpr int block = 4, blocks_end = L::channels / block * block;
  for (int c = 0; c < blocks_end; c += block) average_of_image<L, block>(x + c, y + c);
  for (int c = blocks_end; c < L::channels; ++c) average_of_image<L, 1>(x + c, y + c);
}

/// Row `iy` of the image joins `sums`, one for each channel; the last row makes y.
template <class L, class X, class Y>
ONNX2MCU_INLINE void global_average_pool_part(const X* row, Y* y, int iy, std::int32_t* sums) noexcept {
  for (int c = 0; c < L::channels; ++c) {
    std::int32_t sum = iy == 0 ? -(L::in_h * L::in_w * L::x_zero_point) : sums[c];
    add_cells<L, 1>(row + c, L::in_w, &sum);
    sums[c] = sum;
    if (iy == L::in_h - 1) y[c] = static_cast<Y>(requantize_channel<L>(sum, 0));
  }
}

}  // namespace onnx2mcu

#endif
