// Float operators of two operands between 8-bit tensors: each element is dequantized, computed, limited and
// quantized as ONNX Runtime's separate operators do it; no float tensor in RAM.
#ifndef ONNX2MCU_QBINARY_HPP
#define ONNX2MCU_QBINARY_HPP

#include "binary.hpp"
#include "float_qlinear.hpp"

namespace onnx2mcu {

/// The real value of an operand's element; float constants are real already.
template <class T>
ONNX2MCU_INLINE float real_element(T x, float scale, std::int32_t zero_point) noexcept {
  if constexpr (std::is_same_v<T, float>)
    return x;
  else
    return dequantize_element(static_cast<std::int32_t>(x), scale, zero_point);
}

/// y = quantize(limit(Op(a, b))); the loops are those of broadcast.hpp. y may be an 8-bit operand of its
/// shape.
template <class L, class A, class B, class Y>
ONNX2MCU_INLINE void qbinary(const A* a, const B* b, Y* y) noexcept {
  for_each_pair<L>(a, b, y, [](A u, B v) {
    float r = L::Op::apply(real_element(u, L::a_scale, L::a_zero_point),
                           real_element(v, L::b_scale, L::b_zero_point));
    if (L::has_lowest) r = r < L::lowest ? L::lowest : r;
    if (L::has_highest) r = r > L::highest ? L::highest : r;
    return static_cast<Y>(quantize_element(r, L::y_scale, L::y_zero_point, L::y_min, L::y_max));
  });
}

}  // namespace onnx2mcu

#endif
