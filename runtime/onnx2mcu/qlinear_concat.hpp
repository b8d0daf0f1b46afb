// QLinearConcat: Concat of 8-bit tensors, each requantized to the output's scale and zero point by a table.
#ifndef ONNX2MCU_QLINEAR_CONCAT_HPP
#define ONNX2MCU_QLINEAR_CONCAT_HPP

#include "lookup.hpp"
#include "run.hpp"

namespace onnx2mcu {

template <class L, int I, class T>
ONNX2MCU_INLINE T* qlinear_concat_from(T* y) noexcept {
  return y;
}

/// Places input I and those after it; returns the output. L::table_of[I] is -1 where input I has y's
/// quantization.
template <class L, int I, class T, class... More>
ONNX2MCU_INLINE T* qlinear_concat_from(const T* x, More... more) noexcept {
  T* y = qlinear_concat_from<L, I + 1, T>(more...);
  T* to = y + L::start[I];
  for (int o = 0; o < L::outer; ++o, x += L::run[I], to += L::total) {
    if constexpr (L::table_of[I] < 0) {
      copy_run(x, to, L::run[I]);
    } else {
      const T* table = L::tables + 256 * L::table_of[I];
      for (int i = 0; i < L::run[I]; ++i) to[i] = table[static_cast<std::uint8_t>(x[i])];
    }
  }
  return y;
}

/// qlinear_concat<L>(x0, x1, …, y): y[o][start[i] + j] = table_i(xi[o][j]) for j < run[i].
template <class L, class T, class... More>
ONNX2MCU_INLINE void qlinear_concat(const T* x0, More... more) noexcept {
  qlinear_concat_from<L, 0, T>(x0, more...);
}

}  // namespace onnx2mcu

#endif
