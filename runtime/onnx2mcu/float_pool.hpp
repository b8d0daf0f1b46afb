// Float AveragePool and GlobalAveragePool, channels last, with the order of summation that ONNX
// Runtime 1.30's kernel for the shape has (chosen by the compiler; x86-64 with AVX512F).
#ifndef ONNX2MCU_FLOAT_POOL_HPP
#define ONNX2MCU_FLOAT_POOL_HPP

#include "window.hpp"

namespace onnx2mcu {

/// The order of a sum. ONNX Runtime's kernel, the first that applies:
/// 1. window: rank 4, channels % 16 == 0 and not (ceil_mode and count_include_pad) (snchwc.cpp);
/// 2. window: AveragePool of opset >= 19, or with ceil_mode and count_include_pad (pool_functors.h);
/// 3. lanes: the whole image without pads, stride 1 (pooling.cpp, MlasPoolGlobalKernel);
/// 4. columns: 2-D, stride_w <= 2, no kernel extent above 32 (pooling.cpp, MlasPool2DVectorKernel);
/// 5. window (pooling.cpp, MlasPool1DKernel and MlasPool2DKernel).
enum class AverageOrder { window, lanes, columns };

/// A window whose cell (0, 0) is at (iy, ix), which may lie outside the image.
struct AverageWindow {
  int iy, ix;
  TapRange rows, cols;
};

template <class L>
ONNX2MCU_INLINE const float* average_cell(const float* x, const AverageWindow& w, int row, int col) noexcept {
  return x + ((w.iy + row * L::dil_h) * L::in_w + w.ix + col * L::dil_w) * L::channels;
}

/// Row by row.
template <class L>
ONNX2MCU_INLINE float sum_of_window(const float* x, const AverageWindow& w) noexcept {
  float sum = 0.0F;
  for (int row = w.rows.first; row < w.rows.last; ++row)
    for (int col = w.cols.first; col < w.cols.last; ++col) sum += *average_cell<L>(x, w, row, col);
  return sum;
}

/// Down every column, then across; a column outside the image adds +0.
template <class L>
ONNX2MCU_INLINE float sum_of_columns(const float* x, const AverageWindow& w) noexcept {
  float sum = 0.0F;
  for (int col = 0; col < L::k_w; ++col) {
    float column = 0.0F;
    if (col >= w.cols.first && col < w.cols.last) {
      column = *average_cell<L>(x, w, w.rows.first, col);
      for (int row = w.rows.first + 1; row < w.rows.last; ++row) column += *average_cell<L>(x, w, row, col);
    }
    sum = col == 0 ? column : sum + column;
  }
  return sum;
}

/// Four lanes over all but the last size % 4 cells of the image, then these.
template <class L>
ONNX2MCU_INLINE float sum_of_image_lanes(const float* x) noexcept {
  const int size = L::in_h * L::in_w;
  float lane[4] = {};
  for (int i = 0; i < size / 4 * 4; ++i) lane[i % 4] += x[i * L::channels];
  float sum = (lane[0] + lane[2]) + (lane[1] + lane[3]);
  for (int i = size / 4 * 4; i < size; ++i) sum += x[i * L::channels];
  return sum;
}

/// The average of channel x[0] over the window.
template <class L>
ONNX2MCU_INLINE float average_of_window(const float* x, const AverageWindow& w) noexcept {
  float sum = 0.0F;
  if constexpr (L::order == AverageOrder::lanes)
    sum = sum_of_image_lanes<L>(x);
  else if constexpr (L::order == AverageOrder::columns)
    sum = sum_of_columns<L>(x, w);
  else
    sum = sum_of_window<L>(x, w);
  int rows = w.rows.last - w.rows.first, cols = w.cols.last - w.cols.first;
  if (L::count_include_pad) {  // the cells of the padded image, which ceil_mode may leave
    rows = taps_inside(w.iy + L::pad_top, L::k_h, L::dil_h, L::in_h + L::pad_top + L::pad_bottom).last;
    cols = taps_inside(w.ix + L::pad_left, L::k_w, L::dil_w, L::in_w + L::pad_left + L::pad_right).last;
  }
  return sum / static_cast<float>(rows * cols);
}

/// x: [in_h][in_w][channels], y: [out_h][out_w][channels]; they do not overlap.
template <class L>
ONNX2MCU_INLINE void float_average_pool(const float* x, float* y) noexcept {
  AverageWindow w{};
  for (int oy = 0; oy < L::out_h; ++oy) {
    w.iy = oy * L::stride_h - L::pad_top;
    w.rows = taps_inside(w.iy, L::k_h, L::dil_h, L::in_h);
    for (int ox = 0; ox < L::out_w; ++ox) {
      w.ix = ox * L::stride_w - L::pad_left;
      w.cols = taps_inside(w.ix, L::k_w, L::dil_w, L::in_w);
      for (int c = 0; c < L::channels; ++c) *y++ = average_of_window<L>(x + c, w);
    }
  }
}

}  // namespace onnx2mcu

#endif
