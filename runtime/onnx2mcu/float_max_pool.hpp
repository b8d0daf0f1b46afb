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
/// 4. columns: 2-D, stride_w <= 2, no kernel extent above 32 (pooling.cpp, MlasPool2DVectorKernel);
/// 5. first: row by row from the lowest float, std::max (pooling.cpp, MlasPool1DKernel and MlasPool2DKernel).
enum class MaxOrder { first, last, dilated, columns, lanes };

inline constexpr float lowest_float = -3.402823466e+38F;

/// std::max: the first of equal or unordered values.
ONNX2MCU_INLINE float max_or_first(float a, float b) noexcept { return a < b ? b : a; }
/// MAXPS: the second of equal or unordered values.
ONNX2MCU_INLINE float max_or_last(float a, float b) noexcept { return a > b ? a : b; }

template <class L>
ONNX2MCU_INLINE float max_of_rows(const WindowCells<float>& w) noexcept {
  const bool from_cell = L::order == MaxOrder::dilated && w.rows > 0 && w.cols > 0;
  float best = from_cell ? *w.first : lowest_float;
  const float* row = w.first;
  for (int r = 0; r < w.rows; ++r, row += L::dil_h * L::in_w * L::channels)
    for (int c = 0; c < w.cols; ++c) {
      const float value = row[c * (L::dil_w * L::channels)];
      best = L::order == MaxOrder::last ? max_or_last(best, value) : max_or_first(best, value);
    }
  return best;
}

/// Down one column of the image: the vector part of a row has a multiple of four columns.
template <class L>
ONNX2MCU_INLINE float max_of_column(const float* cell, int rows, int column) noexcept {
  float best = *cell;
  for (int r = 1; r < rows; ++r) {
    cell += L::in_w * L::channels;
    best = column < L::in_w / 4 * 4 ? max_or_last(best, *cell) : max_or_first(best, *cell);
  }
  return best;
}

/// Down every column, then across; a column outside the image counts as the lowest float.
template <class L>
ONNX2MCU_INLINE float max_of_columns(const WindowCells<float>& w, int ix) noexcept {
  float best = 0.0F;
  const float* cell = w.first;
  for (int c = 0; c < L::k_w; ++c) {
    float column = lowest_float;
    if (ix + c >= 0 && ix + c < L::in_w) {
      column = max_of_column<L>(cell, w.rows, ix + c);
      cell += L::channels;
    }
    best = c == 0 ? column : max_or_last(best, column);
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
  int ox = 0;
  for_each_window<L>(x, [&](WindowCells<float> w) {
    for (int c = 0; c < L::channels; ++c, ++w.first) {
      if constexpr (L::order == MaxOrder::lanes)
        *y++ = max_of_lanes<L>(w.first);
      else if constexpr (L::order == MaxOrder::columns)
        *y++ = max_of_columns<L>(w, ox * L::stride_w - L::pad_left);
      else
        *y++ = max_of_rows<L>(w);
    }
    ox = ox + 1 == L::out_w ? 0 : ox + 1;
  });
}

}  // namespace onnx2mcu

#endif
