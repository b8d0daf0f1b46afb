// Quantized 2-D convolution on cores without SIMD, channels last, one group: two multiplications in one. A
// word of two cells, x1 * 2^16 + x0, times a word of two weights, w0 * 2^16 + w1, holds w0 * x0 + w1 * x1 in
// its upper half. The lower half, w1 * x0, takes one from it if it is negative: the cells in lower halves lie
// within 1 ... 256, so the sign of w1 alone decides, and the compiler adds the ones to the bias. The cells in
// upper halves lie within -128 ... 127; where the two products might not fit 16 bits, w0 is made smaller and
// what it lacks comes from a list of extra products.
#ifndef ONNX2MCU_BLOCKED_CONV2D_HPP
#define ONNX2MCU_BLOCKED_CONV2D_HPP

#include <type_traits>

#include "cpu/portable.hpp"
#include "requantize_sum.hpp"
#include "unrolled.hpp"
#include "window.hpp"

namespace onnx2mcu {

/// The scratch of a layer: two rows of weights and their extra products in words, then the cells under `tile`
/// pixels in halfwords, for each of L::rows_at_once rows of output: [column][k_h][in_c], each column on a
/// word.
template <class L>
struct Blocks {
  static constexpr int column = 2 * ((L::k_h * L::in_c + 1) / 2 * 2),
                       words = L::k_w * column / 4;    ///< bytes of a column; words of a window
  static constexpr int padded = L::steps * L::rounds;  ///< words of a window as the kernel takes them
  static constexpr int columns = ((L::tile + 1) / 2 * 2 - 1) * L::stride_w + L::k_w;
  static constexpr int pixel = L::stride_w * column;  ///< bytes from one pixel to the next
  static constexpr int extras = 8 * padded, patch = extras + 4 * L::most_extras;  ///< where these begin
  static constexpr int row = columns * column, bytes = patch + L::rows_at_once * row + 4 * (padded - words);
};

/// Cells become halfwords: lower ones 1 ... 256, upper ones -128 ... 127.
template <class X>
struct CellHalves {
  static constexpr std::uint32_t flip = std::is_signed_v<X> ? 0x80808080U : 0;  ///< bytes to 0 ... 255
  static constexpr std::uint32_t to_words = 0xFF800001U;                        ///< two of those to a word
  static constexpr std::int32_t lower = std::is_signed_v<X> ? 129 : 1, upper = std::is_signed_v<X> ? 0 : -128;
};

ONNX2MCU_INLINE void store_half(std::uint8_t* to, std::int32_t value) noexcept {
  const auto half = static_cast<std::uint16_t>(value);
  __builtin_memcpy(to, &half, 2);
}

/// The channels of a cell, whose first halfword of a column is `position`; bytes 0 and 2 of a word before
/// bytes 1 and 3; to_words: CellHalves::to_words. A column of an odd number of cells has its last one in the
/// upper half and below it a copy of its first one.
template <class L, class X>
ONNX2MCU_INLINE void widen_cell(const X* x, std::uint8_t* to, int position, std::uint32_t to_words) noexcept {
  using Halves = CellHalves<X>;
  constexpr int cells = L::k_h * L::in_c;
  if constexpr (L::in_c % 4 == 0) {
    constexpr int together = L::in_c % 8 == 0 ? 2 : 1;
    for (int i = 0; i < L::in_c; i += 4 * together, to += 8 * together)
      unrolled<together>([&](auto k) ONNX2MCU_INLINE_LAMBDA {
        const std::uint32_t bytes = cpu::load_word(x + i + 4 * k.value) ^ Halves::flip;
        cpu::store_word(to + 8 * k.value, (bytes & 0x00FF00FFU) + to_words);
        cpu::store_word(to + 8 * k.value + 4, (bytes >> 8 & 0x00FF00FFU) + to_words);
      });
  } else if constexpr (cells % 2 == 0) {
    for (int i = 0; i < L::in_c; ++i, ++position, to += 2)
      store_half(to, x[i] + (position % 2 == 0 ? Halves::lower : Halves::upper));
  } else {
    const int last = cells - 1 - position;  // of the column, if it is less than in_c
    if (position == 0) store_half(to + 2 * (cells - 1), x[0] + Halves::lower);
    for (int i = 0; i < L::in_c && i != last; ++i, ++position, to += 2)
      store_half(to, x[i] + (position % 2 == 0 ? Halves::lower : Halves::upper));
    if (last < L::in_c) store_half(to + 2, x[last] + Halves::upper);
  }
}
template <class L, class X>
ONNX2MCU_INLINE void widen_padding(std::uint8_t* to, int position, std::uint32_t to_words) noexcept {
  X cell[L::in_c];
  for (X& value : cell) value = static_cast<X>(L::x_zero_point);
  widen_cell<L>(cell, to, position, to_words);
}

/// Row ky of the patch for the pixels from ox on; x: the input row, or null above and below the image.
template <class L, class X>
ONNX2MCU_INLINE void gather_halves(const X* x, int ox, int ky, std::uint8_t* patch) noexcept {
  const int first = ox * L::stride_w - L::pad_left,
            end = first + Blocks<L>::columns;  // may lie outside the image
  const int position = L::k_h == 1 ? 0 : ky * L::in_c, last = x == nullptr    ? first
                                                              : end < L::in_w ? end
                                                                              : L::in_w;
  const std::uint32_t to_words = L::Cpu::in_register(CellHalves<X>::to_words);
  patch += 2 * position;
  int i = first;
  for (; i < 0 && i < end; ++i, patch += Blocks<L>::column) widen_padding<L, X>(patch, position, to_words);
  for (; i < last; ++i, patch += Blocks<L>::column) widen_cell<L>(x + i * L::in_c, patch, position, to_words);
  for (; i < end; ++i, patch += Blocks<L>::column) widen_padding<L, X>(patch, position, to_words);
}

/// A cell of a row of the image, or what stands for it above, below and beside the image.
template <class L, class X>
ONNX2MCU_INLINE std::int32_t cell_or_padding(const X* row, int column) noexcept {
  return row == nullptr || column < 0 || column >= L::in_w ? L::x_zero_point : row[column];
}

/// The patch of three rows of one channel. By column: the first row's cell with the second's, then with the
/// third's.
template <class L, class X>
ONNX2MCU_INLINE void gather_three_rows(const X* const (&rows)[L::k_h], int ox, std::uint8_t* patch) noexcept {
  int i = ox * L::stride_w - L::pad_left;
  const int end = i + Blocks<L>::columns;
  const auto store = [&patch](std::int32_t first, std::int32_t second, std::int32_t third)
                         ONNX2MCU_INLINE_LAMBDA {
                           constexpr std::int32_t lower = CellHalves<X>::lower + CellHalves<X>::upper * 65536;
                           const auto word = static_cast<std::uint32_t>(first + lower);
                           cpu::store_word(patch, word + (static_cast<std::uint32_t>(second) << 16));
                           cpu::store_word(patch + 4, word + (static_cast<std::uint32_t>(third) << 16));
                           patch += Blocks<L>::column;
                         };
  const auto store_any = [&](int to) {
    for (; i < to; ++i)
      store(cell_or_padding<L>(rows[0], i), cell_or_padding<L>(rows[1], i), cell_or_padding<L>(rows[2], i));
  };
  if (rows[0] != nullptr && rows[1] != nullptr && rows[2] != nullptr) {
    store_any(end < 0 ? end : 0);
    const int last = end < L::in_w ? end : L::in_w;
    const X *x = rows[0] + i, *y = rows[1] + i, *z = rows[2] + i;
    for (; i < last; ++i) store(*x++, *y++, *z++);
  }
  store_any(end);
}

/// The patch for one row of output from ox on.
template <class L, class X>
ONNX2MCU_INLINE void gather_patch(const X* const (&rows)[L::k_h], int ox, std::uint8_t* patch) noexcept {
  if constexpr (L::in_c == 1 && L::k_h == 3) {
    gather_three_rows<L>(rows, ox, patch);
  } else {
    for (int ky = 0; ky < L::k_h; ++ky) gather_halves<L>(rows[ky], ox, ky, patch);
  }
}

/// Two rows of weights.
template <class L>
ONNX2MCU_INLINE void widen_weights(const std::int8_t* from, std::uint8_t* to) noexcept {
  L::Cpu::template widen_words<Blocks<L>::words>(from, to);
  for (int i = Blocks<L>::words; i < Blocks<L>::padded; ++i)
    cpu::store_word(to + 8 * i, 0), cpu::store_word(to + 8 * i + 4, 0);
}

/// What the weights of two rows were made smaller by: a word has the place of the cell in the window and two
/// differences.
ONNX2MCU_INLINE void add_extras(std::int32_t (&a)[4], const std::uint8_t* p, const std::uint8_t* q,
                                const std::uint8_t* extra, const std::uint8_t* end) noexcept {
  for (; extra != end; extra += 4) {
    const std::uint32_t word = cpu::load_word(extra), at = word & 0xFFFFU;
    std::uint16_t first = 0, second = 0;
    __builtin_memcpy(&first, p + at, 2);
    __builtin_memcpy(&second, q + at, 2);
    const std::int32_t even = static_cast<std::int8_t>(word >> 16 & 0xFFU),
                       odd = static_cast<std::int8_t>(word >> 24);
    a[0] += first * even, a[1] += first * odd;
    a[2] += second * even, a[3] += second * odd;
  }
}

/// A channel that needs care, out of line: few do.
template <class L, class Y>
ONNX2MCU_OUT_OF_LINE void store_careful(std::int32_t first, std::int32_t second, Y* y, int c,
                                        bool both) noexcept {
  *y = static_cast<Y>(requantize_careful_sum<L>(first, c));
  if (both) y[L::out_c] = static_cast<Y>(requantize_careful_sum<L>(second, c));
}

/// Output channel c of one or both of two neighbouring pixels, for many pairs of them.
template <class L>
struct ChannelOutputs {
  std::int32_t start, multiplier;
  int channel;

  ONNX2MCU_INLINE explicit ChannelOutputs(int c) noexcept
      : start(L::start[c]), multiplier(L::multiplier[c]), channel(c) {}
  template <class Y>
  ONNX2MCU_INLINE void store(std::int32_t first, std::int32_t second, Y* y, bool both) const noexcept {
    first = first * (1 << L::scale_bits) + start, second = second * (1 << L::scale_bits) + start;
    if constexpr (L::has_careful) {
      if (multiplier <= 0) return store_careful<L>(first, second, y, channel, both);
    }
    *y = static_cast<Y>(requantize_sum<L>(first, multiplier));
    if (both) y[L::out_c] = static_cast<Y>(requantize_sum<L>(second, multiplier));
  }
};

/// What a loop over pairs of pixels has to know. odd: the last pair may be a single pixel.
template <class L>
struct PixelLoop {
  static constexpr int steps = L::steps, rounds = L::rounds, pixel = Blocks<L>::pixel, out_c = L::out_c,
                       scale_bits = L::scale_bits, shift = L::shift;
  static constexpr bool negative = L::y_min<0, extras = L::most_extras> 0,
                        odd = L::tile % 2 != 0 || L::out_w % 2 != 0,
                        careful = L::has_careful || L::out_c % 2 != 0;
};

/// Two channels of pairs of pixels from p and y on, until y is `stop`; the second pixel of the pair at `half`
/// is not stored. Without a `stop`: the four sums of one pair, and nothing is stored. Moves p and y behind
/// what was done.
template <class L, class Y>
ONNX2MCU_INLINE void pixel_pairs(std::int32_t (&a)[4], const std::uint8_t*& p, Y*& y, const Y* stop,
                                 const Y* half, const std::uint8_t* w, const std::uint8_t* extra_end,
                                 const std::int32_t (&start)[2],
                                 const std::int32_t (&multiplier)[2]) noexcept {
  using Loop = PixelLoop<L>;
  if constexpr (L::Cpu::template has_pixel_pairs<Loop>) {
    L::Cpu::template pixel_pairs<Loop>(a, p, y, stop, half, w, extra_end, start, multiplier);
  } else {
    do {
      for (std::int32_t& sum : a) sum = 0;
      L::Cpu::template upper_products<L::steps, L::rounds>(a, p, p + Loop::pixel, w);
      if constexpr (Loop::extras) add_extras(a, p, p + Loop::pixel, w + Blocks<L>::extras, extra_end);
      p += 2 * Loop::pixel;
      if (stop == nullptr) return;
      for (int i = 0; i < (y == half ? 2 : 4); ++i)
        y[i / 2 * L::out_c + i % 2] =
            static_cast<Y>(requantize_sum<L>(a[i] * (1 << L::scale_bits) + start[i % 2], multiplier[i % 2]));
      y += 2 * L::out_c;
    } while (y != stop);
  }
}

/// Output channels c and c + 1, if there is one, of `lines` rows of output. extra_end: behind the extra
/// products of these channels.
template <class L, class Y>
ONNX2MCU_INLINE void blocked_channels(const std::uint8_t* scratch, const std::uint8_t* extra_end, Y* y,
                                      int lines, int pixels, int c) noexcept {
  const bool alone = L::out_c % 2 != 0 && c + 1 == L::out_c;
  const ChannelOutputs<L> even(c), odd(alone ? c : c + 1);
  const std::int32_t start[2] = {even.start, odd.start}, multiplier[2] = {even.multiplier, odd.multiplier};
  const bool careful = alone || (L::has_careful && (even.multiplier <= 0 || odd.multiplier <= 0));
  const std::uint8_t* line = scratch + Blocks<L>::patch;
  for (; lines > 0; --lines, line += Blocks<L>::row) {
    const std::uint8_t* x = line;
    Y *const end = y + pixels * L::out_c, *const last = y + (pixels - 1) / 2 * (2 * L::out_c);
    const Y* const stop = careful ? nullptr : last + 2 * L::out_c;
    while (y < end) {
      std::int32_t a[4];
      pixel_pairs<L>(a, x, y, stop, pixels % 2 != 0 ? last : nullptr, scratch, extra_end, start, multiplier);
      if (stop != nullptr) break;
      const bool both = y != last || pixels % 2 == 0;
      even.store(a[0], a[2], y, both);
      if (!alone) odd.store(a[1], a[3], y + 1, both);
      y += 2 * L::out_c;
    }
    y = end;
  }
}

/// All output channels of what the patch holds: `lines` rows of output, then tile == out_w, or `pixels` of
/// one.
template <class L, class Y>
ONNX2MCU_INLINE void blocked_outputs_of_patch(std::uint8_t* scratch, Y* y, int lines, int pixels) noexcept {
  const std::int8_t* w = L::weights;
  for (int c = 0; c < L::out_c; c += 2, w += 4 * Blocks<L>::words) {
    widen_weights<L>(w, scratch);
    std::uint8_t* extra = scratch + Blocks<L>::extras;
    if constexpr (L::most_extras > 0)
      for (int i = L::first_extra[c / 2]; i < L::first_extra[c / 2 + 1]; ++i, extra += 4)
        cpu::store_word(extra, L::extras[i]);
    blocked_channels<L>(scratch, extra, y + c, lines, pixels, c);
  }
}

/// One row of output from k_h rows of input. scratch: Blocks<L>::bytes, aligned like a word.
template <class L, class X, class Y>
ONNX2MCU_INLINE void blocked_conv2d_stage(const X* const (&rows)[L::k_h], Y* y, int,
                                          std::int8_t* bytes) noexcept {
  auto* const scratch = reinterpret_cast<std::uint8_t*>(bytes);
  for (int ox = 0; ox < L::out_w; ox += L::tile, y += L::tile * L::out_c) {
    gather_patch<L>(rows, ox, scratch + Blocks<L>::patch);
    blocked_outputs_of_patch<L>(scratch, y, 1, ox + L::tile < L::out_w ? L::tile : L::out_w - ox);
  }
}

/// x: [in_h][in_w][in_c], y: [out_h][out_w][out_c]; no overlap. L: tile, rows_at_once (1, or tile == out_w);
/// steps * rounds >= words of a window; weights: by
/// pair of rows [words][byte of the cell in the upper half, then in the lower half][2], in the order of a
/// window's columns, a missing last row is 0; extras, first_extra, most_extras of a pair. A zero point and
/// the pads are folded into `start`.
template <class L, class X, class Y>
ONNX2MCU_INLINE void blocked_conv2d(const X* x, Y* y, std::int8_t* bytes) noexcept {
  if constexpr (L::rows_at_once == 1) {
    for_each_output_row<L, L::in_w * L::in_c, L::out_w * L::out_c>(
        x, y, [bytes](const auto& rows, Y* to, int oy) ONNX2MCU_INLINE_LAMBDA {
          blocked_conv2d_stage<L>(rows, to, oy, bytes);
        });
  } else {
    auto* const scratch = reinterpret_cast<std::uint8_t*>(bytes);
    for (int oy = 0; oy < L::out_h; oy += L::rows_at_once, y += L::rows_at_once * (L::out_w * L::out_c)) {
      const int lines = oy + L::rows_at_once < L::out_h ? L::rows_at_once : L::out_h - oy;
      for (int line = 0; line < lines; ++line) {
        const X* rows[L::k_h];
        input_rows<L, L::in_w * L::in_c>(x, oy + line, rows);
        gather_patch<L, X>(rows, 0, scratch + (Blocks<L>::patch + line * Blocks<L>::row));
      }
      blocked_outputs_of_patch<L>(scratch, y, lines, L::out_w);
    }
  }
}

}  // namespace onnx2mcu

#endif
