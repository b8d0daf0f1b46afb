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
inline std::int32_t average_in_float(const X* first, int rows, int cols) noexcept {
  float sum = 0.0F;
  for (int r = 0; r < rows; ++r, first += L::in_w * L::channels)
    for (int c = 0; c < cols; ++c)
      sum += dequantize_element(first[c * L::channels], L::x_scale, L::x_zero_point);
  const int divisor = L::count_include_pad ? L::k_h * L::k_w : rows * cols;
  const float average = sum / static_cast<float>(divisor) / L::y_scale + static_cast<float>(L::y_zero_point);
  if (average >= 2147483648.0F) return L::y_min;  // does not fit the int32 that ONNX Runtime converts it to
  return round_half_even(limit(average, L::y_min, L::y_max));
}

/// sum: of x - x_zero_point over `rows` x `cols` cells. L::multiplier, L::addend: one element, or one per
/// number of cells. L::recheck is the half width of the doubtful zone around a rounding boundary, in units of
/// 2^-shift.
template <class L, class X>
ONNX2MCU_INLINE std::int32_t average_of_sum(std::int32_t sum, const X* first, int rows, int cols) noexcept {
  const int c = rows * cols - 1;
  const std::int64_t scaled =
      static_cast<std::int64_t>(sum) * channel_element(L::multiplier, c) + channel_element(L::addend, c);
  if constexpr (L::recheck > 0) {
    const std::int64_t fraction = (scaled + L::recheck) & ((std::int64_t{1} << L::shift) - 1);
    if (fraction < 2 * L::recheck) return average_in_float<L>(first, rows, cols);
  }
  return clamp(static_cast<std::int32_t>(scaled >> L::shift), L::y_min, L::y_max);
}

/// Sums of N neighbouring channels over rows x cols cells.
template <class L, int N, class X>
ONNX2MCU_INLINE void sums_of_cells(const X* first, int rows, int cols, std::int32_t* sum) noexcept {
  for (int n = 0; n < N; ++n) sum[n] = 0;
  for (int r = 0; r < rows; ++r, first += L::in_w * L::channels) {
    const X* cell = first;
    for (int c = 0; c < cols; ++c, cell += L::channels)
      for (int n = 0; n < N; ++n) sum[n] += cell[n];
  }
}

template <class L, int N, class X, class Y>
ONNX2MCU_INLINE void average_of_cells(const X* first, int rows, int cols, Y* y) noexcept {
  std::int32_t sum[N];
  sums_of_cells<L, N>(first, rows, cols, sum);
  for (int n = 0; n < N; ++n)
    y[n] = static_cast<Y>(average_of_sum<L>(sum[n] - rows * cols * L::x_zero_point, first + n, rows, cols));
}

/// x: [in_h][in_w][channels], y: [out_h][out_w][channels]; they do not overlap. dil_h = dil_w = 1.
template <class L, class X, class Y>
ONNX2MCU_INLINE void average_pool(const X* x, Y* y) noexcept {
  constexpr int block = 4, blocks_end = L::channels / block * block;
  for_each_window<L>(x, [&y](const WindowCells<X>& w) {
    for (int c = 0; c < blocks_end; c += block)
      average_of_cells<L, block>(w.first + c, w.rows, w.cols, y + c);
    for (int c = blocks_end; c < L::channels; ++c) average_of_cells<L, 1>(w.first + c, w.rows, w.cols, y + c);
    y += L::channels;
  });
}

template <class L, int N, class X, class Y>
ONNX2MCU_INLINE void average_of_image(const X* first, Y* y) noexcept {
  std::int32_t sum[N];
  sums_of_cells<L, N>(first, L::in_h, L::in_w, sum);
  for (int n = 0; n < N; ++n)
    y[n] = static_cast<Y>(requantize_channel<L>(sum[n] - L::in_h * L::in_w * L::x_zero_point, 0));
}

/// x: [in_h][in_w][channels], y: [channels]; they do not overlap.
template <class L, class X, class Y>
ONNX2MCU_INLINE void global_average_pool(const X* x, Y* y) noexcept {
  constexpr int block = 4, blocks_end = L::channels / block * block;
  for (int c = 0; c < blocks_end; c += block) average_of_image<L, block>(x + c, y + c);
  for (int c = blocks_end; c < L::channels; ++c) average_of_image<L, 1>(x + c, y + c);
}

}  // namespace onnx2mcu

#endif
