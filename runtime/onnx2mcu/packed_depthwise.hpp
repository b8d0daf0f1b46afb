// Quantized depthwise convolution (one output channel for each input channel) on the DSP extension, four channels at a
// time. Their input cells are sorted into columns of words that hold two rows of one channel each, which meet words of
// two weights; four neighbouring pixels share the columns they have in common.
#ifndef ONNX2MCU_PACKED_DEPTHWISE_HPP
#define ONNX2MCU_PACKED_DEPTHWISE_HPP

#include "packed_conv2d.hpp"

namespace onnx2mcu {

/// The columns under one row of output, for four channels: by pair of rows a word for each channel; if k_h is odd, the
/// last row as (channel 0, channel 2) and (channel 1, channel 3).
template <class L>
struct Columns {
  static constexpr int count = (L::out_w - 1) * L::stride_w + (L::k_w - 1) * L::dil_w + 1;
  static constexpr int pairs = L::k_h / 2, single = L::k_h % 2;
  static constexpr int words = 4 * pairs + 2 * single;       ///< of a column
  static constexpr int weights = L::k_w * (pairs + single);  ///< words of a channel
  static constexpr int pixels = weights <= 6 ? 4 : 1;        ///< computed together: the registers hold the weights
};

/// Sorts one column: word ky of `rows` has the four channels' cells of that row.
template <class L, class X>
ONNX2MCU_INLINE void store_column(const std::uint32_t (&rows)[L::k_h], std::uint32_t* out) noexcept {
  unrolled<Columns<L>::pairs>([&](auto j) ONNX2MCU_INLINE_LAMBDA {
    const std::uint32_t upper = rows[2 * j.value], lower = rows[2 * j.value + 1];
    const std::uint32_t e0 = even_bytes<L, X>(upper), e1 = even_bytes<L, X>(lower), o0 = odd_bytes<L, X>(upper), o1 = odd_bytes<L, X>(lower);
    out[4 * j.value] = L::Cpu::pack_low(e0, e1);
    out[4 * j.value + 1] = L::Cpu::pack_low(o0, o1);
    out[4 * j.value + 2] = L::Cpu::pack_high(e0, e1);
    out[4 * j.value + 3] = L::Cpu::pack_high(o0, o1);
  });
  if constexpr (Columns<L>::single != 0) {
    out[4 * Columns<L>::pairs] = even_bytes<L, X>(rows[L::k_h - 1]);
    out[4 * Columns<L>::pairs + 1] = odd_bytes<L, X>(rows[L::k_h - 1]);
  }
}

template <class L, class X>
ONNX2MCU_INLINE void gather_columns(const X* const (&rows)[L::k_h], int c, std::uint32_t* out) noexcept {
  constexpr std::uint32_t zero_point = (static_cast<std::uint32_t>(L::x_zero_point) & 0xFFU) * 0x01010101U;
  constexpr int last = L::in_w + L::pad_left < Columns<L>::count ? L::in_w : Columns<L>::count - L::pad_left;
  std::uint32_t words[L::k_h];
  unrolled<L::k_h>([&](auto ky) ONNX2MCU_INLINE_LAMBDA { words[ky.value] = zero_point; });
  for (int i = 0; i < L::pad_left; ++i, out += Columns<L>::words) store_column<L, X>(words, out);
  int offset = c;
  for (int i = 0; i < last; ++i, offset += L::in_c, out += Columns<L>::words) {
    unrolled<L::k_h>([&](auto ky) ONNX2MCU_INLINE_LAMBDA { words[ky.value] = rows[ky.value] == nullptr ? zero_point : cpu::load_word(rows[ky.value] + offset); });
    store_column<L, X>(words, out);
  }
  unrolled<L::k_h>([&](auto ky) ONNX2MCU_INLINE_LAMBDA { words[ky.value] = zero_point; });
  for (int i = last + L::pad_left; i < Columns<L>::count; ++i, out += Columns<L>::words) store_column<L, X>(words, out);
}

/// `pixels` neighbouring outputs of channel c. pair, single: the first column's words of this channel.
template <class L, int pixels, class Y, class Finish>
ONNX2MCU_INLINE void depthwise_pixels(const std::uint32_t* pair, const std::uint32_t* single, const std::int32_t* w, Y* y, int ox, int c,
                                      Finish finish) noexcept {
  constexpr int column_weights = Columns<L>::pairs + Columns<L>::single;
  std::int32_t acc[pixels];
  unrolled<pixels>([&](auto p) ONNX2MCU_INLINE_LAMBDA { acc[p.value] = L::bias[c]; });
  unrolled<(pixels - 1) * L::stride_w + (L::k_w - 1) * L::dil_w + 1>([&](auto column) ONNX2MCU_INLINE_LAMBDA {
    unrolled<column_weights>([&](auto j) ONNX2MCU_INLINE_LAMBDA {
      const std::uint32_t x = j.value < Columns<L>::pairs ? pair[column.value * Columns<L>::words + 4 * j.value] : single[column.value * Columns<L>::words];
      unrolled<pixels>([&](auto p) ONNX2MCU_INLINE_LAMBDA {
        constexpr int distance = column.value - p.value * L::stride_w, kx = distance / L::dil_w;
        if constexpr (distance >= 0 && distance % L::dil_w == 0 && kx < L::k_w)
          acc[p.value] = L::Cpu::smlad(x, static_cast<std::uint32_t>(w[kx * column_weights + j.value]), acc[p.value]);
      });
    });
  });
  unrolled<pixels>([&](auto p) ONNX2MCU_INLINE_LAMBDA { y[p.value * L::out_c] = finish(acc[p.value], ox + p.value, c); });
}

/// One row of output from k_h rows of input: y = finish(accumulator, ox, c).
/// columns: Columns<L>::count * Columns<L>::words words.
template <class L, class X, class Y, class Finish>
ONNX2MCU_INLINE void packed_depthwise_row(const X* const (&rows)[L::k_h], Y* y, std::uint32_t* columns, Finish finish) noexcept {
  constexpr int pixels = Columns<L>::pixels, words = Columns<L>::words * L::stride_w;
  for (int group = 0; group < L::in_c; group += 4) {
    gather_columns<L>(rows, group, columns);
    for (int c = group; c < group + 4; ++c) {
      const std::int32_t* const w = L::weights + c * Columns<L>::weights;
      const std::uint32_t *pair = columns + (c - group), *single = columns + 4 * Columns<L>::pairs + (c & 1);
      Y* out = y + c;
      int ox = 0;
      for (; ox + pixels <= L::out_w; ox += pixels, pair += pixels * words, single += pixels * words, out += pixels * L::out_c)
        depthwise_pixels<L, pixels>(pair, single, w, out, ox, c, finish);
      if constexpr (L::out_w % pixels >= 2) {
        depthwise_pixels<L, 2>(pair, single, w, out, ox, c, finish);
        ox += 2, pair += 2 * words, single += 2 * words, out += 2 * L::out_c;
      }
      if constexpr (L::out_w % pixels % 2 != 0) depthwise_pixels<L, 1>(pair, single, w, out, ox, c, finish);
    }
  }
}

template <class L, class X, class Y>
ONNX2MCU_INLINE void packed_depthwise_conv2d_stage(const X* const (&rows)[L::k_h], Y* y, int, std::uint32_t* columns) noexcept {
  packed_depthwise_row<L>(rows, y, columns, [](std::int32_t acc, int, int c) ONNX2MCU_INLINE_LAMBDA { return static_cast<Y>(requantize_channel<L>(acc, c)); });
}

/// x: [in_h][in_w][in_c], y: [out_h][out_w][in_c], in_c a multiple of 4; no overlap. weights: by channel and kernel column
/// the words of two rows each, a last single row in the lower half for the channels 0 and 1 of four, else in the upper.
/// y = finish(accumulator, ox, c).
template <class L, class X, class Y, class Finish>
ONNX2MCU_INLINE void packed_depthwise_conv2d_with(const X* x, Y* y, std::uint32_t* columns, Finish finish) noexcept {
  for_each_output_row<L, L::in_w * L::in_c, L::out_w * L::out_c>(x, y, [&](const auto& rows, Y* to, int) ONNX2MCU_INLINE_LAMBDA {
    packed_depthwise_row<L>(rows, to, columns, finish);
  });
}

template <class L, class X, class Y>
ONNX2MCU_INLINE void packed_depthwise_conv2d(const X* x, Y* y, std::uint32_t* columns) noexcept {
  packed_depthwise_conv2d_with<L>(x, y, columns, [](std::int32_t acc, int, int c) ONNX2MCU_INLINE_LAMBDA { return static_cast<Y>(requantize_channel<L>(acc, c)); });
}

/// Weight [c][ky][kx].
template <class L>
ONNX2MCU_INLINE std::int32_t packed_depthwise_weight(int c, int ky, int kx) noexcept {
  const int word = c * Columns<L>::weights + kx * (Columns<L>::pairs + Columns<L>::single) + ky / 2;
  const int half = ky < 2 * Columns<L>::pairs ? ky % 2 : c % 4 / 2;
  return static_cast<std::int16_t>(static_cast<std::uint32_t>(L::weights[word]) >> (16 * half) & 0xFFFFU);
}

}  // namespace onnx2mcu

#endif
