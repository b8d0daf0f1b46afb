// The innermost steps of data movement: a run of neighbouring elements copied or filled. No element is
// computed.
#ifndef ONNX2MCU_RUN_HPP
#define ONNX2MCU_RUN_HPP

#include <cstring>

#include "core.hpp"

namespace onnx2mcu {

/// Copies n elements that do not overlap; returns where the next run goes. n is a constant where this is
/// inlined: short runs become a few word moves, long ones a call. A plain loop would become a memmove, which
/// never is inline.
template <class T>
ONNX2MCU_INLINE T* copy_run(const T* x, T* y, int n) noexcept {
  std::memcpy(y, x, static_cast<std::size_t>(n) * sizeof(T));
  return y + n;
}

template <class T>
ONNX2MCU_INLINE T* fill_run(T value, T* y, int n) noexcept {
  for (int i = 0; i < n; ++i) y[i] = value;
  return y + n;
}

}  // namespace onnx2mcu

#endif
