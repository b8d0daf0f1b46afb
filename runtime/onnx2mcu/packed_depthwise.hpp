// Quantized depthwise convolution on the DSP extension. A plane (plane.hpp) holds halfwords, so a word is two
// neighbours: two outputs at a time meet each row of the kernel in dual multiplications, and single ones
// where the kernel's width is odd. L: band, scale_bits, lanes = 1; weights: by channel and kernel row the
// words (w0, w1), (w2, w3), …, then (w1, w2), (w3, w4), …, lower half first, times 2^scale_bits; start: what
// the sums begin from; multiplier, shift: y = hi32(sum * multiplier) >> shift. A channel with multiplier 0 is
// requantized in float by `scale`.
#ifndef ONNX2MCU_PACKED_DEPTHWISE_HPP
#define ONNX2MCU_PACKED_DEPTHWISE_HPP

#include "cpu/portable.hpp"
#include "plane.hpp"
#include "requantize_channel.hpp"
#include "window.hpp"

namespace onnx2mcu {

/// The words of weights of one kernel row.
template <class L>
struct RowWeights {
  static constexpr int even = L::k_w == 1 ? 1 : L::k_w / 2, odd = (L::k_w - 1) / 2, words = even + odd;
  static constexpr int channel = L::k_h * words;
};

/// One row of the kernel for the output that begins `start` halfwords from x, which is aligned like a word.
template <class L, int start>
ONNX2MCU_INLINE std::int32_t depthwise_row_sum(const std::int16_t* x, const std::int32_t* w,
                                               std::int32_t acc) noexcept {
  using Cpu = typename L::Cpu;
  constexpr int k = L::k_w, even = RowWeights<L>::even;
  const auto cells = [x](int i) ONNX2MCU_INLINE_LAMBDA { return cpu::load_word(x + i / 2 * 2); };
  const auto weights = [w](int i) ONNX2MCU_INLINE_LAMBDA { return static_cast<std::uint32_t>(w[i]); };
  if constexpr (L::dil_w != 1) {
    unrolled<k>([&](auto tap) ONNX2MCU_INLINE_LAMBDA {
      constexpr int i = tap.value, cell = start + i * L::dil_w,
                    word = i == k - 1 && i % 2 == 0 && i > 0 ? even + i / 2 - 1 : i / 2;
      constexpr bool upper = word >= even || i % 2 != 0;
      if constexpr (cell % 2 == 0)
        acc = upper ? Cpu::smlabt(cells(cell), weights(word), acc)
                    : Cpu::smlabb(cells(cell), weights(word), acc);
      else
        acc = upper ? Cpu::smlatt(cells(cell), weights(word), acc)
                    : Cpu::smlatb(cells(cell), weights(word), acc);
    });
  } else if constexpr (start % 2 == 0) {
    unrolled<k / 2>([&](auto j) ONNX2MCU_INLINE_LAMBDA {
      acc = Cpu::smlad(cells(start + 2 * j.value), weights(j.value), acc);
    });
    if constexpr (k == 1)
      acc = Cpu::smlabb(cells(start), weights(0), acc);
    else if constexpr (k % 2 != 0)
      acc = Cpu::smlabt(cells(start + k - 1), weights(RowWeights<L>::words - 1), acc);
  } else {
    acc = Cpu::smlatb(cells(start), weights(0), acc);
    unrolled<RowWeights<L>::odd>([&](auto j) ONNX2MCU_INLINE_LAMBDA {
      acc = Cpu::smlad(cells(start + 1 + 2 * j.value), weights(even + j.value), acc);
    });
    if constexpr (k % 2 == 0) acc = Cpu::smlabt(cells(start + k - 1), weights(even - 1), acc);
  }
  return acc;
}

/// `outputs` (1 or 2) sums from `start` on, the first one's cells `at` cells behind x. w: all words of the
/// channel.
template <class L, int outputs, int at>
ONNX2MCU_INLINE void depthwise_sums(const std::int16_t* x, const std::int32_t* w, const std::int32_t& start,
                                    std::int32_t (&acc)[outputs]) noexcept {
  constexpr int row = Plane<L>::pitch * Plane<L>::tap_step;
  if constexpr (L::k_h == 3 && L::k_w == 3 && L::dil_w == 1 && L::Cpu::has_blocks && L::stride_w <= 2 &&
                4 * row + 2 * at < 4000) {
    L::Cpu::template depthwise_3x3<outputs, L::stride_w, 2 * row, 2 * at>(acc, x, w, start);
  } else {
    unrolled<outputs>([&](auto o) ONNX2MCU_INLINE_LAMBDA {
      acc[o.value] = start;
      unrolled<L::k_h>([&](auto ky) ONNX2MCU_INLINE_LAMBDA {
        acc[o.value] = depthwise_row_sum<L, o.value * L::stride_w>(
            x + (at + ky.value * row), w + ky.value * RowWeights<L>::words, acc[o.value]);
      });
    });
  }
}

/// Outputs [first, first + count) of a row: pairs, and one if count is odd.
template <class L, int first, int count, class Y, class Finish>
ONNX2MCU_INLINE void depthwise_outputs(const std::int16_t* x, const std::int32_t* w,
                                       const std::int32_t& start, Y* y, Finish& finish) noexcept {
  unrolled<(count + 1) / 2>([&](auto i) ONNX2MCU_INLINE_LAMBDA {
    constexpr int ox = first + 2 * i.value, outputs = 2 * i.value + 1 < count ? 2 : 1;
    std::int32_t acc[outputs];
    depthwise_sums<L, outputs, ox * L::stride_w>(x, w, start, acc);
    unrolled<outputs>([&](auto k)
                          ONNX2MCU_INLINE_LAMBDA { y[(ox + k.value) * L::out_c] = finish(acc[k.value]); });
  });
}

/// `rows` rows of output of channel c from its plane: y = finish(sum), in the order of the outputs. Rows of
/// up to `unroll` outputs are written out.
template <class L, int unroll, class Y, class Finish>
ONNX2MCU_INLINE void depthwise_rows(const std::int16_t* x, Y* y, int rows, int c, Finish finish) noexcept {
  constexpr int block = L::out_w <= unroll ? L::out_w : 4, loops = L::out_w / block,
                step = block * L::stride_w;
  const std::int32_t start = L::start[c];
  std::int32_t w[RowWeights<L>::channel];
  unrolled<RowWeights<L>::channel>(
      [&](auto i) ONNX2MCU_INLINE_LAMBDA { w[i.value] = L::weights[c * RowWeights<L>::channel + i.value]; });
  const std::int16_t* const end = x + rows * (L::stride_h * Plane<L>::pitch);
  while (x != end) {
    if constexpr (loops > 1) {
      const std::int16_t* const row_end = x + loops * step;
      for (; x != row_end; x += step, y += block * L::out_c)
        depthwise_outputs<L, 0, block>(x, w, start, y, finish);
      depthwise_outputs<L, 0, L::out_w % block>(x, w, start, y, finish);
      x += L::stride_h * Plane<L>::pitch - loops * step, y += L::out_w % block * L::out_c;
    } else {
      depthwise_outputs<L, 0, L::out_w>(x, w, start, y, finish);
      x += L::stride_h * Plane<L>::pitch, y += L::out_w * L::out_c;
    }
  }
}

/// A function of its own, so that it has all registers.
template <class L, bool in_float, class Y>
[[gnu::noinline]] void depthwise_channel(const std::int16_t* plane, Y* y, int rows, int c) noexcept {
  if constexpr (in_float) {
    const float scale = channel_element(L::scale, c);
    depthwise_rows<L, 7>(plane, y, rows, c, [scale](std::int32_t acc) ONNX2MCU_INLINE_LAMBDA {
      return static_cast<Y>(
          saturate<L>(L::Cpu::round_even(static_cast<float>(acc) * scale) + L::y_zero_point));
    });
  } else {
    const std::int32_t multiplier = L::multiplier[c];
    constexpr int unroll = L::k_h * L::k_w <= 9 ? 16 : 7;
    depthwise_rows<L, unroll>(plane, y, rows, c, [multiplier](std::int32_t acc) ONNX2MCU_INLINE_LAMBDA {
      const std::int32_t upper = L::Cpu::smmul(acc, multiplier);
      return static_cast<Y>(L::y_min < 0 ? L::Cpu::template ssat8_asr<L::shift>(upper)
                                         : L::Cpu::template usat8_asr<L::shift>(upper));
    });
  }
}

template <class L, class Y>
ONNX2MCU_INLINE void depthwise_requantized(const std::int16_t* plane, Y* y, int rows, int c) noexcept {
  if constexpr (L::form == Requantize::affine)
    return depthwise_channel<L, false>(plane, y + c, rows, c);
  else if constexpr (L::form == Requantize::exact_in_range)
    return depthwise_channel<L, true>(plane, y + c, rows, c);
  else if (L::multiplier[c] != 0)
    depthwise_channel<L, false>(plane, y + c, rows, c);
  else
    depthwise_channel<L, true>(plane, y + c, rows, c);
}

/// One row of output from k_h rows of input. plane: Plane<L>::rows * Plane<L>::pitch halfwords, aligned like
/// a word.
template <class L, class X, class Y>
ONNX2MCU_INLINE void packed_depthwise_conv2d_stage(const X* const (&rows)[L::k_h], Y* y, int,
                                                   std::int16_t* plane) noexcept {
  for_each_row_plane<L>(rows, plane,
                        [&](int c) ONNX2MCU_INLINE_LAMBDA { depthwise_requantized<L>(plane, y, 1, c); });
}

/// x: [in_h][in_w][in_c], y: [out_h][out_w][out_c], out_c a multiple of in_c; no overlap.
template <class L, class X, class Y>
ONNX2MCU_INLINE void packed_depthwise_conv2d(const X* x, Y* y, std::int16_t* plane) noexcept {
  for_each_band<L>(x, plane, [&](int c, int rows, int oy) ONNX2MCU_INLINE_LAMBDA {
    depthwise_requantized<L>(plane, y + oy * (L::out_w * L::out_c), rows, c);
  });
}

/// Weight [c][ky][kx] where scale_bits is 0.
template <class L>
ONNX2MCU_INLINE std::int32_t packed_depthwise_weight(int c, int ky, int kx) noexcept {
  const bool last = kx > 0 && kx % 2 == 0 && kx == L::k_w - 1;
  const int word =
      c * RowWeights<L>::channel + ky * RowWeights<L>::words + (last ? RowWeights<L>::words - 1 : kx / 2);
  return static_cast<std::int16_t>(
      static_cast<std::uint32_t>(L::weights[word]) >> (last || kx % 2 != 0 ? 16 : 0) & 0xFFFFU);
}

}  // namespace onnx2mcu

#endif
