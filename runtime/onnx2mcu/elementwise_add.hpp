// QLinearAdd and its like: the sum of two 8-bit tensors of different scales, in integers where the compiler
// proved them equal to ONNX Runtime on every pair of values, else in ONNX Runtime's own two fused
// multiply-adds.
#ifndef ONNX2MCU_ELEMENTWISE_ADD_HPP
#define ONNX2MCU_ELEMENTWISE_ADD_HPP

#include "broadcast.hpp"
#include "float_math.hpp"
#include "requantize_channel.hpp"
#include "unrolled.hpp"

namespace onnx2mcu {

/// fma(outer, outer_ratio, fma(inner, inner_ratio, fixed)), saturated. Exact on every core.
template <class L>
ONNX2MCU_INLINE std::int32_t add_exactly(std::int32_t outer, std::int32_t inner) noexcept {
  const float partial = fused_multiply_add(static_cast<float>(inner), L::inner_ratio, L::fixed);
  const float sum = fused_multiply_add(static_cast<float>(outer), L::outer_ratio, partial);
  if (L::may_wrap && sum >= 2147483648.0F) return L::y_min;  // CVTPS2DQ turns such a value into INT32_MIN
  return round_half_even(limit(sum, L::y_min, L::y_max));
}

/// Four elements at a time, by words, two words in one piece.
template <class L, class A, class B, class Y>
ONNX2MCU_INLINE void add_fours(const A* outer, const B* inner, Y* y) noexcept {
  const auto four = [&](int i) ONNX2MCU_INLINE_LAMBDA {
    const std::uint32_t a = cpu::load_word(outer + i), b = cpu::load_word(inner + i);
    unrolled<4>([&](auto k) ONNX2MCU_INLINE_LAMBDA {
      const std::int32_t u = static_cast<A>(a >> (8 * k.value) & 0xFFU),
                         v = static_cast<B>(b >> (8 * k.value) & 0xFFU);
      y[i + k.value] = static_cast<Y>(
          saturate_shifted<L, L::shift>(u * L::outer_multiplier + L::addend + v * L::inner_multiplier));
    });
  };
  constexpr int count = L::size[0], together = count >= 64 ? 8 : 4;
  int i = 0;
  for (; i + together <= count; i += together)
    unrolled<together / 4>([&](auto k) ONNX2MCU_INLINE_LAMBDA { four(i + 4 * k.value); });
  for (; i < count; i += 4) four(i);
}

template <class L>
constexpr bool adds_by_fours() noexcept {
  if constexpr (L::exact || L::Cpu::vectorizes || array_size(L::size) > 1)
    return false;
  else
    return L::shift > 0 && L::size[0] % 4 == 0 && L::a_step[0] == 1 && L::b_step[0] == 1;
}

/// outer, inner: the operands as ONNX Runtime nests them; y may be either.
template <class L, class A, class B, class Y>
ONNX2MCU_INLINE void elementwise_add(const A* outer, const B* inner, Y* y) noexcept {
  if constexpr (adds_by_fours<L>()) {
    add_fours<L>(outer, inner, y);
  } else {
    for_each_pair<L>(outer, inner, y, [](A a, B b) ONNX2MCU_INLINE_LAMBDA {
      if constexpr (L::exact)
        return static_cast<Y>(add_exactly<L>(a, b));
      else
        return static_cast<Y>(
            saturate<L>(add_affine(a, b, L::outer_multiplier, L::inner_multiplier, L::addend, L::shift)));
    });
  }
}

}  // namespace onnx2mcu

#endif
