// QLinearMul: the product of two 8-bit tensors, requantized with the zero point added before rounding.
#ifndef ONNX2MCU_ELEMENTWISE_MUL_HPP
#define ONNX2MCU_ELEMENTWISE_MUL_HPP

#include "broadcast.hpp"
#include "requantize.hpp"

namespace onnx2mcu {

template <class L>
ONNX2MCU_INLINE std::int32_t requantize_product(std::int32_t product) noexcept {
  if constexpr (!L::exact) {
    return requantize_affine(product, L::multiplier, L::addend, L::shift, L::y_min, L::y_max);
  } else {
    if (product >= L::wraps_from) return L::y_min;  // CVTPS2DQ turns a value of 2^31 or more into INT32_MIN
    if constexpr (L::Cpu::has_fpu)
      return requantize_float_zero_point_first(product, L::scale, L::y_zero_point, L::y_min, L::y_max);
    else
      return requantize_exact_zero_point_first(product, L::scale, L::y_zero_point, L::y_min, L::y_max);
  }
}

/// y may be a or b.
template <class L, class T>
ONNX2MCU_INLINE void elementwise_mul(const T* a, const T* b, T* y) noexcept {
  for_each_pair<L>(a, b, y, [](T va, T vb) {
    return static_cast<T>(requantize_product<L>((va - L::a_zero_point) * (vb - L::b_zero_point)));
  });
}

}  // namespace onnx2mcu

#endif
