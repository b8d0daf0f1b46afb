// Softmax, LogSoftmax and Hardmax over L::n elements, L::stride apart, of each of L::outer blocks.
#ifndef ONNX2MCU_SOFTMAX_HPP
#define ONNX2MCU_SOFTMAX_HPP

#include "float_softmax.hpp"

namespace onnx2mcu {

/// Calls row(x, y) with the first element of every row.
template <class L, class Row>
ONNX2MCU_INLINE void for_each_row(const float* x, float* y, Row row) noexcept {
  for (int o = 0; o < L::outer; ++o, x += L::n * L::stride, y += L::n * L::stride)
    for (int i = 0; i < L::stride; ++i) row(x + i, y + i);
}

/// y may be x.
template <class L>
ONNX2MCU_INLINE void softmax(const float* x, float* y) noexcept {
  for_each_row<L>(x, y, [](const float* from, float* to) { softmax_row(from, to, L::n, L::stride); });
}

template <class L>
ONNX2MCU_INLINE void log_softmax(const float* x, float* y) noexcept {
  for_each_row<L>(x, y, [](const float* from, float* to) { log_softmax_row(from, to, L::n, L::stride); });
}

/// 1 at the first maximum, 0 elsewhere.
template <class L>
ONNX2MCU_INLINE void hardmax(const float* x, float* y) noexcept {
  for_each_row<L>(x, y, [](const float* from, float* to) {
    int best = 0;
    for (int i = 1; i < L::n; ++i)
      if (from[i * L::stride] > from[best * L::stride]) best = i;
    for (int i = 0; i < L::n; ++i) to[i * L::stride] = i == best ? 1.0F : 0.0F;
  });
}

}  // namespace onnx2mcu

#endif
