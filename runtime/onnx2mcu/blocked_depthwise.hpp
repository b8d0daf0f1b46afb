// Quantized depthwise convolution on cores without SIMD. A plane (plane.hpp) holds the bytes of a channel; up
// to five neighbouring outputs share the cells that they have in common and each weight, once it is in a
// register. L: band, lanes; weights: by channel and kernel row, times 2^scale_bits when they are used; and
// what requantize_sum.hpp asks for.
#ifndef ONNX2MCU_BLOCKED_DEPTHWISE_HPP
#define ONNX2MCU_BLOCKED_DEPTHWISE_HPP

#include "cpu/portable.hpp"
#include "plane.hpp"
#include "requantize_sum.hpp"

namespace onnx2mcu {

/// `count` neighbouring outputs; x: the first cell under the first of them, w: [k_h][k_w].
template <class L, int count, class X, class Y, class Finish>
ONNX2MCU_INLINE void blocked_depthwise_outputs(const X* x, const std::int32_t* w, std::int32_t start, Y* y,
                                               Finish& finish) noexcept {
  constexpr int row = Plane<L>::pitch * Plane<L>::tap_step * L::lanes;
  std::int32_t acc[count];
  if constexpr (L::k_h == 3 && L::k_w == 3 && L::stride_w == 1 && L::dil_w == 1) {
    L::Cpu::template depthwise_3x3<count, row, L::lanes>(acc, x, w, start);
  } else {
    unrolled<count>([&](auto o) ONNX2MCU_INLINE_LAMBDA { acc[o.value] = start; });
    for (int ky = 0; ky < L::k_h; ++ky, x += row, w += L::k_w)
      unrolled<(count - 1) * L::stride_w + (L::k_w - 1) * L::dil_w + 1>(
          [&](auto cell) ONNX2MCU_INLINE_LAMBDA {
            const std::int32_t value = x[cell.value * L::lanes];
            unrolled<count>([&](auto o) ONNX2MCU_INLINE_LAMBDA {
              constexpr int distance = cell.value - o.value * L::stride_w, kx = distance / L::dil_w;
              if constexpr (distance >= 0 && distance % L::dil_w == 0 && kx < L::k_w)
                acc[o.value] += value * w[kx];
            });
          });
  }
  unrolled<count>([&](auto o) ONNX2MCU_INLINE_LAMBDA { y[o.value * L::out_c] = finish(acc[o.value]); });
}

/// A channel's weights, read from flash in words.
template <class L>
ONNX2MCU_INLINE void load_weights(const std::int8_t* from, std::int32_t* w) noexcept {
  constexpr int taps = L::k_h * L::k_w, scale = 1 << L::scale_bits;
  unrolled<taps / 4>([&](auto i) ONNX2MCU_INLINE_LAMBDA {
    const std::uint32_t word = cpu::load_word(from + 4 * i.value);
    unrolled<4>([&](auto k) ONNX2MCU_INLINE_LAMBDA {
      w[4 * i.value + k.value] = static_cast<std::int8_t>(word >> (8 * k.value) & 0xFFU) * scale;
    });
  });
  unrolled<taps % 4>([&](auto k) ONNX2MCU_INLINE_LAMBDA {
    w[taps / 4 * 4 + k.value] = from[taps / 4 * 4 + k.value] * scale;
  });
}

/// `rows` rows of output of channel c from its plane: y = finish(sum), in the order of the outputs.
template <class L, class X, class Y, class Finish>
ONNX2MCU_INLINE void blocked_depthwise_rows(const X* x, Y* y, int rows, int c, Finish finish) noexcept {
  constexpr int blocks = (L::out_w + 4) / 5, block = (L::out_w + blocks - 1) / blocks,
                rest = L::out_w - (blocks - 1) * block;
  constexpr int loops = rest == block ? blocks : blocks - 1, step = block * L::stride_w * L::lanes;
  const std::int32_t start = L::start[c];
  std::int32_t w[L::k_h * L::k_w];
  load_weights<L>(L::weights + c * (L::k_h * L::k_w), w);
  constexpr int row = L::stride_h * Plane<L>::pitch * L::lanes;
  for (const X* const end = x + rows * row; x != end; x += row - loops * step) {
    for (const X* const row_end = x + loops * step; x != row_end; x += step, y += block * L::out_c)
      blocked_depthwise_outputs<L, block>(x, w, start, y, finish);
    if constexpr (rest != block)
      blocked_depthwise_outputs<L, rest>(x, w, start, y, finish), y += rest * L::out_c;
  }
}

/// A function of its own, so that it has all registers.
template <class L, bool careful, class X, class Y>
[[gnu::noinline, gnu::aligned(8)]] void blocked_depthwise_channel(const X* plane, Y* y, int rows,
                                                                  int c) noexcept {
  const std::int32_t multiplier = careful ? -L::multiplier[c] : L::multiplier[c];
  if constexpr (careful) {
    if constexpr (L::has_exact) {
      if (multiplier == 0)
        return blocked_depthwise_rows<L>(plane, y, rows, c, [c](std::int32_t sum) ONNX2MCU_INLINE_LAMBDA {
          return static_cast<Y>(requantize_exact_channel<L>(sum >> L::scale_bits, c));
        });
    }
    const std::int32_t first = L::careful_sum[2 * c], second = L::careful_sum[2 * c + 1];
    blocked_depthwise_rows<L>(plane, y, rows, c, [=](std::int32_t sum) ONNX2MCU_INLINE_LAMBDA {
      std::int32_t value = upper_product(sum, multiplier) >> L::shift;
      if (sum == first) value += L::careful_step[2 * c];
      if (sum == second) value += L::careful_step[2 * c + 1];
      return static_cast<Y>(saturate<L>(value));
    });
  } else {
    blocked_depthwise_rows<L>(plane, y, rows, c, [multiplier](std::int32_t sum) ONNX2MCU_INLINE_LAMBDA {
      return static_cast<Y>(requantize_sum<L>(sum, multiplier));
    });
  }
}

template <class L, class X, class Y>
ONNX2MCU_INLINE void blocked_depthwise_requantized(const X* plane, Y* y, int rows, int c) noexcept {
  plane += c / (L::out_c / L::in_c) % L::lanes;
  if constexpr (L::has_careful) {
    if (L::multiplier[c] <= 0) return blocked_depthwise_channel<L, true>(plane, y + c, rows, c);
  }
  blocked_depthwise_channel<L, false>(plane, y + c, rows, c);
}

/// One row of output from k_h rows of input. plane: Plane<L>::rows * Plane<L>::pitch * lanes cells, aligned
/// like a word.
template <class L, class X, class Y>
ONNX2MCU_INLINE void blocked_depthwise_conv2d_stage(const X* const (&rows)[L::k_h], Y* y, int,
                                                    X* plane) noexcept {
  for_each_row_plane<L>(
      rows, plane, [&](int c) ONNX2MCU_INLINE_LAMBDA { blocked_depthwise_requantized<L>(plane, y, 1, c); });
}

/// x: [in_h][in_w][in_c], y: [out_h][out_w][out_c], out_c a multiple of in_c; no overlap.
template <class L, class X, class Y>
ONNX2MCU_INLINE void blocked_depthwise_conv2d(const X* x, Y* y, X* plane) noexcept {
  for_each_band<L>(x, plane, [&](int c, int rows, int oy) ONNX2MCU_INLINE_LAMBDA {
    blocked_depthwise_requantized<L>(plane, y + oy * (L::out_w * L::out_c), rows, c);
  });
}

}  // namespace onnx2mcu

#endif
