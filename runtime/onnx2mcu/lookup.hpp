// Functions of one 8-bit value as tables of 256 entries, indexed by the byte of x: int8 -1 is entry 255.
#ifndef ONNX2MCU_LOOKUP_HPP
#define ONNX2MCU_LOOKUP_HPP

#include "core.hpp"

namespace onnx2mcu {

template <class T, class X>
ONNX2MCU_INLINE T look_up(const T (&table)[256], X x) noexcept {
  static_assert(sizeof(X) == 1, "a table of 256 entries covers one byte");
  return table[static_cast<std::uint8_t>(x)];
}

/// x, y: L::size elements; y may be x where their elements have the same size.
template <class L, class X, class Y>
ONNX2MCU_INLINE void lookup(const X* x, Y* y) noexcept {
  for (int i = 0; i < L::size; ++i) y[i] = look_up(L::table, x[i]);
}

}  // namespace onnx2mcu

#endif
