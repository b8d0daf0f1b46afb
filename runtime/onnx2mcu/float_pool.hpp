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
/// 4. columns: 2-D or 3-D, stride_w <= 2, no kernel extent above 32 (MlasPool2DVectorKernel and 3D);
/// 5. window (pooling.cpp, MlasPool1DKernel to MlasPool3DKernel).
enum class AverageOrder { window, lanes, columns };

/// Row by row.
template <class L>
ONNX2MCU_INLINE float sum_of_window(const float* x, const RowWindow& w) noexcept {
  float sum = 0.0F;
  for_each_row<L>(x, w, [&](int, const float* row) ONNX2MCU_INLINE_LAMBDA {
    for (int col = w.cols.first; col < w.cols.last; ++col) sum += row[(w.ix + col * L::dil_w) * L::channels];
  });
  return sum;
}

/// Down every column, then across; a column outside the image adds +0. That of an image of one plane begins
/// with its first cell, else with +0.
template <class L>
ONNX2MCU_INLINE float sum_of_columns(const float* x, const RowWindow& w) noexcept {
  float sum = 0.0F;
  for (int col = 0; col < L::k_w; ++col) {
    float column = 0.0F;
    if (col >= w.cols.first && col < w.cols.last)
      for_each_row<L>(x + (w.ix + col * L::dil_w) * L::channels, w,
                      [&](int i, const float* cell) ONNX2MCU_INLINE_LAMBDA {
                        column = i == 0 && PlanesOf<L>::value.one() ? *cell : column + *cell;
                      });
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

/// The cells of a window within the padded image, which ceil_mode may leave.
template <class L>
ONNX2MCU_INLINE int padded_cells(int oy, int ox) noexcept {
  constexpr Planes p = PlanesOf<L>::value;
  const int in_h = L::in_h / p.in, out_h = L::out_h / p.out, k_h = L::k_h / p.k;
  return taps_inside(oy / out_h * p.stride, p.k, p.dil, p.in + p.pad_front + p.pad_back).last *
         taps_inside(oy % out_h * L::stride_h, k_h, L::dil_h, in_h + L::pad_top + L::pad_bottom).last *
         taps_inside(ox * L::stride_w, L::k_w, L::dil_w, L::in_w + L::pad_left + L::pad_right).last;
}

/// The average of channel x[0] over the window.
template <class L>
ONNX2MCU_INLINE float average_of_window(const float* x, const RowWindow& w, int cells) noexcept {
  float sum = 0.0F;
  if constexpr (L::order == AverageOrder::lanes)
    sum = sum_of_image_lanes<L>(x);
  else if constexpr (L::order == AverageOrder::columns)
    sum = sum_of_columns<L>(x, w);
  else
    sum = sum_of_window<L>(x, w);
  return sum / static_cast<float>(cells);
}

/// x: [in_h][in_w][channels], y: [out_h][out_w][channels]; they do not overlap.
template <class L>
ONNX2MCU_INLINE void float_average_pool(const float* x, float* y) noexcept {
  for (int oy = 0; oy < L::out_h; ++oy)
    for (int ox = 0; ox < L::out_w; ++ox) {
      const RowWindow w = row_window<L>(oy, ox);
      const int cells = L::count_include_pad
                            ? padded_cells<L>(oy, ox)
                            : for_each_row<L>(x, w, [](int, const float*) {}) * (w.cols.last - w.cols.first);
      for (int c = 0; c < L::channels; ++c) *y++ = average_of_window<L>(x + c, w, cells);
    }
}

}  // namespace onnx2mcu

#endif
