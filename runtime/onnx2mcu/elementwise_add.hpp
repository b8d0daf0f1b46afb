// QLinearAdd and its like: the sum of two 8-bit tensors of different scales, in integers where the compiler proved them
// equal to ONNX Runtime on every pair of values, else in ONNX Runtime's own two fused multiply-adds.
#ifndef ONNX2MCU_ELEMENTWISE_ADD_HPP
#define ONNX2MCU_ELEMENTWISE_ADD_HPP

#include "broadcast.hpp"
#include "float_math.hpp"
#include "requantize_channel.hpp"

namespace onnx2mcu {

/// fma(outer, outer_ratio, fma(inner, inner_ratio, fixed)), saturated. Exact on every core.
template <class L>
ONNX2MCU_INLINE std::int32_t add_exactly(std::int32_t outer, std::int32_t inner) noexcept {
  const float partial = fused_multiply_add(static_cast<float>(inner), L::inner_ratio, L::fixed);
  const float sum = fused_multiply_add(static_cast<float>(outer), L::outer_ratio, partial);
  if (L::may_wrap && sum >= 2147483648.0F) return L::y_min;  // CVTPS2DQ turns such a value into INT32_MIN
  return round_half_even(limit(sum, L::y_min, L::y_max));
}

/// outer, inner: the operands as ONNX Runtime nests them; y may be either.
template <class L, class A, class B, class Y>
ONNX2MCU_INLINE void elementwise_add(const A* outer, const B* inner, Y* y) noexcept {
  for_each_pair<L>(outer, inner, y, [](A a, B b) ONNX2MCU_INLINE_LAMBDA {
    if constexpr (L::exact)
      return static_cast<Y>(add_exactly<L>(a, b));
    else
      return static_cast<Y>(saturate<L>(add_affine(a, b, L::outer_multiplier, L::inner_multiplier, L::addend, L::shift)));
  });
}

}  // namespace onnx2mcu

#endif
