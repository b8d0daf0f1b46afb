// Float MaxPool and GlobalMaxPool, channels last. The order in which ONNX Runtime 1.30's kernel for the shape
// compares (chosen by the compiler) decides what becomes of NaN, of the sign of a zero, and of windows of
// -infinity alone.
#ifndef ONNX2MCU_FLOAT_MAX_POOL_HPP
#define ONNX2MCU_FLOAT_MAX_POOL_HPP

#include "window.hpp"

namespace onnx2mcu {

/// ONNX Runtime's kernel, the first that applies:
/// 1. last: rank 4, channels % 16 == 0 (snchwc.cpp): row by row from the lowest float, VMAXPS;
/// 2. dilated: with dilations (pool_functors.h): row by row from the first cell, std::max;
/// 3. lanes: the whole image without pads, stride 1 (pooling.cpp, MlasPoolGlobalKernel);
/// 4. columns: 2-D or 3-D, stride_w <= 2, no kernel extent above 32 (MlasPool2DVectorKernel and 3D);
/// 5. first: row by row from the lowest float, std::max (pooling.cpp, MlasPool1DKernel to MlasPool3DKernel).
enum class MaxOrder { first, last, dilated, columns, lanes };

inline constexpr float lowest_float = -3.402823466e+38F;

/// std::max: the first of equal or unordered values.
ONNX2MCU_INLINE float max_or_first(float a, float b) noexcept { return a < b ? b : a; }
/// MAXPS: the second of equal or unordered values.
ONNX2MCU_INLINE float max_or_last(float a, float b) noexcept { return a > b ? a : b; }

/// Row by row.
template <class L>
ONNX2MCU_INLINE float max_of_rows(const float* x, const RowWindow& w) noexcept {
  float best = lowest_float;
  for_each_row<L>(x, w, [&](int i, const float* row) ONNX2MCU_INLINE_LAMBDA {
    for (int col = w.cols.first; col < w.cols.last; ++col) {
      const float value = row[(w.ix + col * L::dil_w) * L::channels];
      if (L::order == MaxOrder::dilated && i == 0 && col == w.cols.first) best = value;
      best = L::order == MaxOrder::last ? max_or_last(best, value) : max_or_first(best, value);
    }
  });
  return best;
}

/// Down one column of the image: the vector part of a row has a multiple of four columns. That of an image of
/// one plane begins with its first cell, else with the lowest float.
template <class L>
ONNX2MCU_INLINE float max_of_column(const float* x, const RowWindow& w, int column) noexcept {
  float best = lowest_float;
  for_each_row<L>(x, w, [&](int i, const float* row) ONNX2MCU_INLINE_LAMBDA {
    const float value = row[column * L::channels];
    if (i == 0 && PlanesOf<L>::value.one())
      best = value;
    else
      best = column < L::in_w / 4 * 4 ? max_or_last(best, value) : max_or_first(best, value);
  });
  return best;
}

/// Down every column, then across; a column outside the image counts as the lowest float.
template <class L>
ONNX2MCU_INLINE float max_of_columns(const float* x, const RowWindow& w) noexcept {
  float best = 0.0F;
  for (int col = 0; col < L::k_w; ++col) {
    const bool inside = col >= w.cols.first && col < w.cols.last;
    const float column = inside ? max_of_column<L>(x, w, w.ix + col) : lowest_float;
    best = col == 0 ? column : max_or_last(best, column);
  }
  return best;
}

/// Four lanes over all but the last size % 4 cells of the image, then these.
template <class L>
ONNX2MCU_INLINE float max_of_lanes(const float* x) noexcept {
  constexpr int size = L::in_h * L::in_w;
  float lane[4] = {lowest_float, lowest_float, lowest_float, lowest_float};
  for (int i = 0; i < size / 4 * 4; ++i) lane[i % 4] = max_or_last(lane[i % 4], x[i * L::channels]);
  float best = max_or_last(max_or_last(lane[0], lane[2]), max_or_last(lane[1], lane[3]));
  for (int i = size / 4 * 4; i < size; ++i) best = max_or_first(best, x[i * L::channels]);
  return best;
}

/// x: [in_h][in_w][channels], y: [out_h][out_w][channels]; they do not overlap.
template <class L>
ONNX2MCU_INLINE void float_max_pool(const float* x, float* y) noexcept {
  for (int oy = 0; oy < L::out_h; ++oy)
    for (int ox = 0; ox < L::out_w; ++ox) {
      const RowWindow w = row_window<L>(oy, ox);
      for (int c = 0; c < L::channels; ++c) {
        if constexpr (L::order == MaxOrder::lanes)
          *y++ = max_of_lanes<L>(x + c);
        else if constexpr (L::order == MaxOrder::columns)
          *y++ = max_of_columns<L>(x + c, w);
        else
          *y++ = max_of_rows<L>(x + c, w);
      }
    }
}

}  // namespace onnx2mcu

#endif
