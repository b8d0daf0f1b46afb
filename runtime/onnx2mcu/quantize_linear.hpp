// QuantizeLinear and DequantizeLinear: per tensor (channels == 1), per axis with `inner` elements behind a
// channel, or with scales for blocks of L::block channels, each element behind them having its own; or with
// computed parameters.
#ifndef ONNX2MCU_QUANTIZE_LINEAR_HPP
#define ONNX2MCU_QUANTIZE_LINEAR_HPP

#include "cast.hpp"
#include "float_qlinear.hpp"
#include "requantize_channel.hpp"
#include "unrolled.hpp"

namespace onnx2mcu {

/// Elements i to i + n - 1: the divisions first, each of which takes longer than all the rest.
template <class L, int n, class Y>
ONNX2MCU_INLINE void quantize_elements(const float* x, Y* y, int i) noexcept {
  float scaled[n > 0 ? n : 1];
  unrolled<n>([&](auto k) ONNX2MCU_INLINE_LAMBDA {
    scaled[k.value] = x[i + k.value] / channel_element(L::scale, (i + k.value) / L::inner % L::channels);
  });
  unrolled<n>([&](auto k) ONNX2MCU_INLINE_LAMBDA {
    const std::int32_t zero_point = channel_element(L::zero_point, (i + k.value) / L::inner % L::channels);
    const float lowest = static_cast<float>(L::y_min - zero_point),
                highest = static_cast<float>(L::y_max - zero_point);
    y[i + k.value] =
        static_cast<Y>(round_half_even(L::Cpu::limit(scaled[k.value], lowest, highest)) + zero_point);
  });
}

/// y = round_half_even(clamp(x / scale)) + zero_point, dividing as ONNX Runtime does; NaN becomes y_min
/// (x86).
template <class L, class Y>
ONNX2MCU_INLINE void quantize_linear(const float* x, Y* y) noexcept {
  constexpr int together = L::channels == 1 ? 4 : 1, whole = L::size / together * together;
  for (int i = 0; i < whole; i += together) quantize_elements<L, together>(x, y, i);
  quantize_elements<L, L::size - whole>(x, y, whole);
}

/// round_half_even(scaled) + zero_point, limited after it has become an int32 (qmath.h): what leaves int32 is
/// its lowest value.
template <class L>
ONNX2MCU_INLINE std::int32_t quantize_by_int32(float scaled, std::int32_t zero_point) noexcept {
  const bool small = scaled > -4194304.0F && scaled < 4194304.0F;  // others are limited anyway
  const std::int32_t rounded = small ? round_to_int32(scaled) : truncate_to_int32(scaled);
  const std::uint32_t moved =
      static_cast<std::uint32_t>(rounded) + static_cast<std::uint32_t>(zero_point);  // int32 wraps
  return clamp(static_cast<std::int32_t>(moved), L::y_min, L::y_max);
}

/// The same as quantize_linear where x is float16 in ONNX Runtime.
template <class L, class Y>
ONNX2MCU_INLINE void quantize_halves(const float* x, Y* y) noexcept {
  for (int i = 0; i < L::size; ++i) {
    const int c = i / L::inner % L::channels;
    y[i] = static_cast<Y>(
        quantize_by_int32<L>(x[i] / channel_element(L::scale, c), channel_element(L::zero_point, c)));
  }
}

/// y = float(x - zero_point) * scale.
template <class L, class X>
ONNX2MCU_INLINE void dequantize_linear(const X* x, float* y) noexcept {
  for (int i = 0; i < L::size; ++i) {
    const int c = i / L::inner % L::channels;
    y[i] = static_cast<float>(static_cast<std::int32_t>(x[i]) - channel_element(L::zero_point, c)) *
           channel_element(L::scale, c);
  }
}

/// Index of the scale of element i of blocks.
template <class L>
ONNX2MCU_INLINE int block_of(int i) noexcept {
  constexpr int blocks = (L::channels + L::block - 1) / L::block;
  return (i / (L::inner * L::channels) * blocks + i / L::inner % L::channels / L::block) * L::inner +
         i % L::inner;
}

/// y = round_half_even(x / scale) + zero_point, limited. Unless the blocks lie along the last axis, ONNX
/// Runtime converts to int32 before it limits (qmath.h): what leaves int32 is its lowest value.
template <class L, class Y>
ONNX2MCU_INLINE void quantize_blocks(const float* x, Y* y) noexcept {
  for (int i = 0; i < L::size; ++i) {
    const int block = block_of<L>(i);
    const float scale = L::scale[block];
    const std::int32_t zero_point = channel_element(L::zero_point, block);
    if constexpr (L::inner == 1) {
      y[i] = static_cast<Y>(quantize_element(x[i], scale, zero_point, L::y_min, L::y_max));
    } else {
      y[i] = static_cast<Y>(quantize_by_int32<L>(x[i] / scale, zero_point));
    }
  }
}

template <class L, class X>
ONNX2MCU_INLINE void dequantize_blocks(const X* x, float* y) noexcept {
  for (int i = 0; i < L::size; ++i) {
    const int block = block_of<L>(i);
    y[i] = dequantize_element(static_cast<std::int32_t>(x[i]), L::scale[block],
                              channel_element(L::zero_point, block));
  }
}

/// One scale and zero point, computed at run time.
template <class L, class Y>
ONNX2MCU_INLINE void quantize_linear_computed(const float* x, const float* scale, const Y* zero_point,
                                              Y* y) noexcept {
  const float divisor = *scale;
  const std::int32_t zero = *zero_point;
  for (int i = 0; i < L::size; ++i)
    y[i] = static_cast<Y>(quantize_element(x[i], divisor, zero, L::y_min, L::y_max));
}

template <class L, class X>
ONNX2MCU_INLINE void dequantize_linear_computed(const X* x, const float* scale, const X* zero_point,
                                                float* y) noexcept {
  const float factor = *scale;
  const std::int32_t zero = static_cast<std::int32_t>(*zero_point);
  for (int i = 0; i < L::size; ++i) y[i] = dequantize_element(static_cast<std::int32_t>(x[i]), factor, zero);
}

}  // namespace onnx2mcu

#endif
