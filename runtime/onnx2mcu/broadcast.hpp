// Element-wise functions of two operands with NumPy broadcasting: a nest of loops known at compile time.
#ifndef ONNX2MCU_BROADCAST_HPP
#define ONNX2MCU_BROADCAST_HPP

#include "core.hpp"

namespace onnx2mcu {

/// Loop D of the nest, outermost first. L::size[D] rounds; each moves the operands by L::a_step[D] and
/// L::b_step[D] elements; y is written in order. The innermost steps are 0 or 1. Returns y behind the last
/// element written.
template <class L, int D = 0, class A, class B, class Y, class F>
ONNX2MCU_INLINE Y* for_each_pair(const A* a, const B* b, Y* y, F f) noexcept {
  constexpr int last = static_cast<int>(array_size(L::size)) - 1;
  if constexpr (D < last) {
    for (int i = 0; i < L::size[D]; ++i, a += L::a_step[D], b += L::b_step[D])
      y = for_each_pair<L, D + 1>(a, b, y, f);
    return y;
  } else if constexpr (L::b_step[D] == 0) {
    const B fixed = *b;
    for (int i = 0; i < L::size[D]; ++i) y[i] = f(a[i * L::a_step[D]], fixed);
  } else if constexpr (L::a_step[D] == 0) {
    const A fixed = *a;
    for (int i = 0; i < L::size[D]; ++i) y[i] = f(fixed, b[i]);
  } else {
    for (int i = 0; i < L::size[D]; ++i) y[i] = f(a[i], b[i]);
  }
  return y + L::size[D];
}

}  // namespace onnx2mcu

#endif
