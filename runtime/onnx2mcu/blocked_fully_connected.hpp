// Quantized matrix product on cores without SIMD: L::block rows of weights share each four inputs in registers.
#ifndef ONNX2MCU_BLOCKED_FULLY_CONNECTED_HPP
#define ONNX2MCU_BLOCKED_FULLY_CONNECTED_HPP

#include "cpu/portable.hpp"
#include "requantize_channel.hpp"
#include "unrolled.hpp"

namespace onnx2mcu {

/// `rows` outputs from c on. Returns the weights of the next ones.
template <class L, int rows, class X, class Y>
ONNX2MCU_INLINE const std::int8_t* blocked_outputs(const X* x, const std::int8_t* w, Y* y, int c) noexcept {
  std::int32_t acc[rows];
  unrolled<rows>([&](auto r) ONNX2MCU_INLINE_LAMBDA { acc[r.value] = L::bias[c + r.value]; });
  if constexpr (L::in >= 4) L::Cpu::template dot4_rows<rows, L::in / 4>(acc, x, w);
  for (int i = 0; i < L::in % 4; ++i, ++x, w += rows)
    unrolled<rows>([&](auto r) ONNX2MCU_INLINE_LAMBDA { acc[r.value] += static_cast<std::int32_t>(*x) * w[r.value]; });
  unrolled<rows>([&](auto r) ONNX2MCU_INLINE_LAMBDA { y[c + r.value] = static_cast<Y>(requantize_channel<L>(acc[r.value], c + r.value)); });
  return w + (4 - L::in % 4 * rows % 4) % 4;
}

/// x: [rows][in], y: [rows][out]; they do not overlap. weights: blocks of `block` rows (the last one of fewer), in each by
/// four inputs the rows' bytes, then the last inputs one by one; every block begins on a word.
template <class L, class X, class Y>
ONNX2MCU_INLINE void blocked_fully_connected(const X* x, Y* y) noexcept {
  for (int r = 0; r < L::rows; ++r, x += L::in, y += L::out) {
    const std::int8_t* w = L::weights;
    int c = 0;
    for (; c + L::block <= L::out; c += L::block) w = blocked_outputs<L, L::block>(x, w, y, c);
    if constexpr (L::out % L::block != 0) blocked_outputs<L, L::out % L::block>(x, w, y, c);
  }
}

}  // namespace onnx2mcu

#endif
