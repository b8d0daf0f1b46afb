// The primitives of a core in plain C++: what every kernel is written in, and the meaning the others must match.
#ifndef ONNX2MCU_CPU_PORTABLE_HPP
#define ONNX2MCU_CPU_PORTABLE_HPP

#include "../core.hpp"

namespace onnx2mcu::cpu {

struct Portable {
  /// Single-precision floating point is cheap: requantization that is not provable in integers uses it.
  static constexpr bool has_fpu = true;

  /// acc + sum of x[i] * w[i], i < n. The caller proves that no partial sum leaves int32.
  template <class X, class W>
  static ONNX2MCU_INLINE std::int32_t dot(const X* x, const W* w, int n, std::int32_t acc) noexcept {
    for (int i = 0; i < n; ++i) acc += static_cast<std::int32_t>(x[i]) * static_cast<std::int32_t>(w[i]);
    return acc;
  }
};

}  // namespace onnx2mcu::cpu

#endif
