// Quantized depthwise convolution (one output channel for each input channel) on cores without SIMD. The input cells of
// four channels are gathered word by word into columns; then each channel's weights stay in registers for a whole row.
#ifndef ONNX2MCU_BLOCKED_DEPTHWISE_HPP
#define ONNX2MCU_BLOCKED_DEPTHWISE_HPP

#include "blocked_conv2d.hpp"

namespace onnx2mcu {

/// The cells under one row of output, for four channels: [column][k_h] words.
template <class L>
struct ByteColumns {
  static constexpr int count = (L::out_w - 1) * L::stride_w + (L::k_w - 1) * L::dil_w + 1;
  static constexpr int taps = L::k_h * L::k_w;
  static constexpr int pixels = taps <= 9 ? 2 : 1;  ///< computed together
};

template <class L, class X>
ONNX2MCU_INLINE void gather_words(const X* const (&rows)[L::k_h], int c, std::uint32_t* out) noexcept {
  constexpr std::uint32_t zero_point = (static_cast<std::uint32_t>(L::x_zero_point) & 0xFFU) * 0x01010101U;
  for (int i = -L::pad_left; i < ByteColumns<L>::count - L::pad_left; ++i, out += L::k_h) {
    const bool inside = i >= 0 && i < L::in_w;
    unrolled<L::k_h>([&](auto ky) ONNX2MCU_INLINE_LAMBDA {
      out[ky.value] = inside && rows[ky.value] != nullptr ? cpu::load_word(rows[ky.value] + (i * L::in_c + c)) : zero_point;
    });
  }
}

/// `pixels` neighbouring outputs of channel c. x: its byte of the first column.
template <class L, int pixels, class X, class Y>
ONNX2MCU_INLINE void blocked_depthwise_pixels(const X* x, const std::int32_t (&w)[ByteColumns<L>::taps], std::int32_t bias, Y* y,
                                              const ChannelRequantizer<L>& output) noexcept {
  std::int32_t acc[pixels];
  unrolled<pixels>([&](auto p) ONNX2MCU_INLINE_LAMBDA { acc[p.value] = bias; });
  if constexpr (pixels == 2 && L::k_h == 3 && L::k_w == 3 && L::stride_w == 1 && L::dil_w == 1) L::Cpu::mac_3x3(acc, x, w);
  else unrolled<((pixels - 1) * L::stride_w + (L::k_w - 1) * L::dil_w + 1) * L::k_h>([&](auto cell) ONNX2MCU_INLINE_LAMBDA {
    const std::int32_t value = x[4 * cell.value];
    unrolled<pixels>([&](auto p) ONNX2MCU_INLINE_LAMBDA {
      constexpr int distance = cell.value / L::k_h - p.value * L::stride_w, kx = distance / L::dil_w;
      if constexpr (distance >= 0 && distance % L::dil_w == 0 && kx < L::k_w) acc[p.value] += value * w[kx * L::k_h + cell.value % L::k_h];
    });
  });
  unrolled<pixels>([&](auto p) ONNX2MCU_INLINE_LAMBDA { y[p.value * L::out_c] = static_cast<Y>(output(acc[p.value])); });
}

/// One row of output from k_h rows of input. columns: ByteColumns<L>::count * k_h words.
template <class L, class X, class Y>
ONNX2MCU_INLINE void blocked_depthwise_conv2d_stage(const X* const (&rows)[L::k_h], Y* y, int, std::uint32_t* columns) noexcept {
  constexpr int pixels = ByteColumns<L>::pixels, step = 4 * L::k_h * L::stride_w;
  for (int group = 0; group < L::in_c; group += 4) {
    gather_words<L>(rows, group, columns);
    for (int c = group; c < group + 4; ++c) {
      std::int32_t w[ByteColumns<L>::taps];
      unrolled<ByteColumns<L>::taps>([&](auto i) ONNX2MCU_INLINE_LAMBDA { w[i.value] = L::weights[c * ByteColumns<L>::taps + i.value]; });
      const std::int32_t bias = L::bias[c];
      const ChannelRequantizer<L> output(c);
      const X* x = reinterpret_cast<const X*>(columns) + (c - group);
      Y* out = y + c;
      int ox = 0;
      for (; ox + pixels <= L::out_w; ox += pixels, x += pixels * step, out += pixels * L::out_c)
        blocked_depthwise_pixels<L, pixels>(x, w, bias, out, output);
      if constexpr (L::out_w % pixels != 0) blocked_depthwise_pixels<L, 1>(x, w, bias, out, output);
    }
  }
}

/// x: [in_h][in_w][in_c], y: [out_h][out_w][in_c], in_c a multiple of 4; no overlap. weights: [c][k_w][k_h].
template <class L, class X, class Y>
ONNX2MCU_INLINE void blocked_depthwise_conv2d(const X* x, Y* y, std::uint32_t* columns) noexcept {
  for_each_output_row<L, L::in_w * L::in_c, L::out_w * L::out_c>(
      x, y, [columns](const auto& rows, Y* to, int oy) ONNX2MCU_INLINE_LAMBDA { blocked_depthwise_conv2d_stage<L>(rows, to, oy, columns); });
}

}  // namespace onnx2mcu

#endif
