// y[i] = x[i]; used where a network output would otherwise be an input or a constant itself.
#ifndef ONNX2MCU_COPY_HPP
#define ONNX2MCU_COPY_HPP

#include "core.hpp"

namespace onnx2mcu {

/// x, y: L::size elements; y may be x.
template <class L, class T>
ONNX2MCU_INLINE void copy(const T* x, T* y) noexcept {
  for (int i = 0; i < L::size; ++i) y[i] = x[i];
}

}  // namespace onnx2mcu

#endif
