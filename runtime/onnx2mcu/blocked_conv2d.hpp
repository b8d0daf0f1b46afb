// Quantized 2-D convolution on cores without SIMD, channels last, one group. The windows of `tile` pixels are gathered,
// padded with the zero point, so that each is one run of bytes; two rows of weights at a time are copied from flash to
// RAM and meet four pixels at a time in registers.
#ifndef ONNX2MCU_BLOCKED_CONV2D_HPP
#define ONNX2MCU_BLOCKED_CONV2D_HPP

#include "cpu/portable.hpp"
#include "requantize_channel.hpp"
#include "unrolled.hpp"
#include "window.hpp"

namespace onnx2mcu {

/// The scratch of a layer: two rows of weights, then the cells under `tile` pixels: [column][k_h][in_c].
template <class L>
struct Blocks {
  static constexpr bool direct = L::k_h == 1 && L::k_w == 1 && L::stride_w == 1 && L::pad_left == 0 && L::in_w == L::out_w;  ///< the input's own rows will do
  static constexpr int column = L::k_h * L::in_c, taps = L::k_w * column;
  static constexpr int columns = (L::tile - 1) * L::stride_w + L::k_w;
  static constexpr int pixel = L::stride_w * column;               ///< elements from one pixel to the next
  static constexpr int weights = (2 * taps + 3) / 4 * 4;           ///< bytes of two rows
  static constexpr int bytes = weights + (direct ? 0 : columns * column);
};

/// n elements; both sides are aligned like words if n is a multiple of 4.
template <int n, class T>
ONNX2MCU_INLINE void copy_cell(const T* from, T* to) noexcept {
  if constexpr (n % 4 == 0)
    for (int i = 0; i < n; i += 4) cpu::store_word(to + i, cpu::load_word(from + i));
  else
    for (int i = 0; i < n; ++i) to[i] = from[i];
}

/// One row of the patch for the pixels from ox on; x: the input row, or null above and below the image.
template <class L, class X>
ONNX2MCU_INLINE void gather_bytes(const X* x, int ox, X* patch) noexcept {
  const int first = ox * L::stride_w - L::pad_left;  // may lie outside the image
  for (int i = first; i < first + Blocks<L>::columns; ++i, patch += Blocks<L>::column) {
    if (x != nullptr && i >= 0 && i < L::in_w) {
      copy_cell<L::in_c>(x + i * L::in_c, patch);
    } else {
      for (int k = 0; k < L::in_c; ++k) patch[k] = static_cast<X>(L::x_zero_point);
    }
  }
}

template <int bytes>
ONNX2MCU_INLINE void copy_weights(const std::int8_t* from, std::int8_t* to) noexcept {
  for (int i = 0; i < bytes / 16; ++i, from += 16, to += 16) {
    std::uint32_t words[4];
    unrolled<4>([&](auto k) ONNX2MCU_INLINE_LAMBDA { words[k.value] = cpu::load_word(from + 4 * k.value); });
    unrolled<4>([&](auto k) ONNX2MCU_INLINE_LAMBDA { cpu::store_word(to + 4 * k.value, words[k.value]); });
  }
  unrolled<bytes % 16 / 4>([&](auto k) ONNX2MCU_INLINE_LAMBDA { cpu::store_word(to + 4 * k.value, cpu::load_word(from + 4 * k.value)); });
}

/// `rows` (1 or 2) output channels from c on of `pixels` pixels.
template <class L, int rows, int pixels, class X, class Y>
ONNX2MCU_INLINE void blocked_pixels(const X* x, const std::int8_t* w, Y* y, int c) noexcept {
  std::int32_t acc[2 * pixels];
  unrolled<2 * pixels>([&](auto i) ONNX2MCU_INLINE_LAMBDA { acc[i.value] = L::bias[c + i.value % 2]; });
  L::Cpu::template mac_rows<Blocks<L>::taps, pixels, Blocks<L>::pixel>(acc, x, w);
  unrolled<rows>([&](auto row) ONNX2MCU_INLINE_LAMBDA {
    const ChannelRequantizer<L> output(c + row.value);
    unrolled<pixels>([&](auto p) ONNX2MCU_INLINE_LAMBDA { y[p.value * L::out_c + c + row.value] = static_cast<Y>(output(acc[2 * p.value + row.value])); });
  });
}

/// `rows` output channels from c on of the pixels [ox, end).
template <class L, int rows, class X, class Y>
ONNX2MCU_INLINE void blocked_channels(const X* x, const std::int8_t* w, Y* y, int ox, int end, int c) noexcept {
  constexpr int pixel = Blocks<L>::pixel;
  for (; ox + 4 <= end; ox += 4, x += 4 * pixel, y += 4 * L::out_c) blocked_pixels<L, rows, 4>(x, w, y, c);
  if constexpr (L::tile % 4 != 0 || L::out_w % 4 != 0) {
    for (; ox + 2 <= end; ox += 2, x += 2 * pixel, y += 2 * L::out_c) blocked_pixels<L, rows, 2>(x, w, y, c);
    if (ox != end) blocked_pixels<L, rows, 1>(x, w, y, c);
  }
}

/// One row of output from k_h rows of input. scratch: Blocks<L>::bytes, aligned like a word.
template <class L, class X, class Y>
ONNX2MCU_INLINE void blocked_conv2d_stage(const X* const (&rows)[L::k_h], Y* y, int, std::int8_t* scratch) noexcept {
  X* const patch = reinterpret_cast<X*>(scratch + Blocks<L>::weights);
  for (int ox = 0; ox < L::out_w; ox += L::tile, y += L::tile * L::out_c) {
    const int end = ox + L::tile < L::out_w ? ox + L::tile : L::out_w;
    if constexpr (!Blocks<L>::direct)
      for (int ky = 0; ky < L::k_h; ++ky) gather_bytes<L>(rows[ky], ox, patch + ky * L::in_c);
    const X* const x = Blocks<L>::direct ? rows[0] + ox * L::in_c : patch;
    const std::int8_t* w = L::weights;
    for (int c = 0; c + 2 <= L::out_c; c += 2, w += Blocks<L>::weights) {
      copy_weights<Blocks<L>::weights>(w, scratch);
      blocked_channels<L, 2>(x, scratch, y, ox, end, c);
    }
    if constexpr (L::out_c % 2 != 0) blocked_channels<L, 1>(x, w, y, ox, end, L::out_c - 1);
  }
}

/// x: [in_h][in_w][in_c], y: [out_h][out_w][out_c]; no overlap. L: tile; weights: by pair of rows [taps][2] in the order
/// of a window's columns, a missing last row is 0, each pair begins on a word; bias: one more if out_c is odd. A zero
/// point is folded into it, padded cells hold x_zero_point.
template <class L, class X, class Y>
ONNX2MCU_INLINE void blocked_conv2d(const X* x, Y* y, std::int8_t* scratch) noexcept {
  for_each_output_row<L, L::in_w * L::in_c, L::out_w * L::out_c>(
      x, y, [scratch](const auto& rows, Y* to, int oy) ONNX2MCU_INLINE_LAMBDA { blocked_conv2d_stage<L>(rows, to, oy, scratch); });
}

}  // namespace onnx2mcu

#endif
