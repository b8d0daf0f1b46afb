// The innermost steps of data movement: a run of neighbouring elements copied or filled. No element is computed.
#ifndef ONNX2MCU_RUN_HPP
#define ONNX2MCU_RUN_HPP

#include "core.hpp"

namespace onnx2mcu {

/// Copies n elements that do not overlap; returns where the next run goes. Compilers make this a memcpy.
template <class T>
ONNX2MCU_INLINE T* copy_run(const T* __restrict x, T* __restrict y, int n) noexcept {
  for (int i = 0; i < n; ++i) y[i] = x[i];
  return y + n;
}

template <class T>
ONNX2MCU_INLINE T* fill_run(T value, T* y, int n) noexcept {
  for (int i = 0; i < n; ++i) y[i] = value;
  return y + n;
}

}  // namespace onnx2mcu

#endif
