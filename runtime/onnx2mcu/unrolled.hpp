// Loops whose index the compiler knows.
#ifndef ONNX2MCU_UNROLLED_HPP
#define ONNX2MCU_UNROLLED_HPP

#include "core.hpp"

namespace onnx2mcu {

/// A number known to the compiler.
template <int i>
struct Index {
  static constexpr int value = i;
};

/// f(Index<0>), …, f(Index<n - 1>), written out: accumulators stay in registers only if no loop indexes them.
template <int n, int i = 0, class F>
ONNX2MCU_INLINE void unrolled(F f) noexcept {
  if constexpr (i < n) {
    f(Index<i>{});
    unrolled<n, i + 1>(f);
  }
}

}  // namespace onnx2mcu

#endif
