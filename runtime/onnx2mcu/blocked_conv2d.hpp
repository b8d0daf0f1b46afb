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
/// bytes 1 and 3. A column of an odd number of cells has its last one in the upper half and below it a copy
/// of its first one.
template <class L, class X>
ONNX2MCU_INLINE void widen_cell(const X* x, std::uint8_t* to, int position) noexcept {
  using Halves = CellHalves<X>;
  constexpr int cells = L::k_h * L::in_c;
  if constexpr (L::in_c % 4 == 0) {
    constexpr int together = L::in_c % 8 == 0 ? 2 : 1;
    for (int i = 0; i < L::in_c; i += 4 * together, to += 8 * together)
      unrolled<together>([&](auto k) ONNX2MCU_INLINE_LAMBDA {
        const std::uint32_t bytes = cpu::load_word(x + i + 4 * k.value) ^ Halves::flip;
        cpu::store_word(to + 8 * k.value, (bytes & 0x00FF00FFU) + Halves::to_words);
        cpu::store_word(to + 8 * k.value + 4, (bytes >> 8 & 0x00FF00FFU) + Halves::to_words);
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
ONNX2MCU_INLINE void widen_padding(std::uint8_t* to, int position) noexcept {
  X cell[L::in_c];
  for (X& value : cell) value = static_cast<X>(L::x_zero_point);
  widen_cell<L>(cell, to, position);
}

/// Row ky of the patch for the pixels from ox on; x: the input row, or null above and below the image.
template <class L, class X>
ONNX2MCU_INLINE void gather_halves(const X* x, int ox, int ky, std::uint8_t* patch) noexcept {
  const int first = ox * L::stride_w - L::pad_left,
            end = first + Blocks<L>::columns;  // may lie outside the image
  const int position = L::k_h == 1 ? 0 : ky * L::in_c, last = x == nullptr    ? first
                                                              : end < L::in_w ? end
                                                                              : L::in_w;
  patch += 2 * position;
  int i = first;
  for (; i < 0 && i < end; ++i, patch += Blocks<L>::column) widen_padding<L, X>(patch, position);
  for (; i < last; ++i, patch += Blocks<L>::column) widen_cell<L>(x + i * L::in_c, patch, position);
  for (; i < end; ++i, patch += Blocks<L>::column) widen_padding<L, X>(patch, position);
}

/// `count` words of weights, bytes from 0 to 255 that stand for -128 ... 127, as words of their own. Loads
/// from flash stand together.
template <int count>
ONNX2MCU_INLINE void widen_few(const std::int8_t* from, std::uint8_t* to) noexcept {
  constexpr std::uint32_t mask = 0x00FF00FFU, zeros = 0x00800080U;
  std::uint32_t bytes[count + 1];
  unrolled<count>([&](auto i)
                      ONNX2MCU_INLINE_LAMBDA { bytes[i.value] = cpu::load_word(from + 4 * i.value); });
  unrolled<count>([&](auto i) ONNX2MCU_INLINE_LAMBDA {
    cpu::store_word(to + 8 * i.value, (bytes[i.value] & mask) - zeros);
    cpu::store_word(to + 8 * i.value + 4, (bytes[i.value] >> 8 & mask) - zeros);
  });
}
/// Two rows of weights.
template <class L>
ONNX2MCU_INLINE void widen_weights(const std::int8_t* from, std::uint8_t* to) noexcept {
  for (int i = 0; i < Blocks<L>::words / 6; ++i, from += 24, to += 48) widen_few<6>(from, to);
  widen_few<Blocks<L>::words % 6>(from, to);
  to += Blocks<L>::words % 6 * 8;
  for (int i = Blocks<L>::words; i < Blocks<L>::padded; ++i, to += 8)
    cpu::store_word(to, 0), cpu::store_word(to + 4, 0);
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
  bool careful = false;
  int channel;

  ONNX2MCU_INLINE explicit ChannelOutputs(int c) noexcept
      : start(L::start[c]), multiplier(L::multiplier[c]), channel(c) {
    if constexpr (L::has_careful) careful = L::careful[c] != 0;
  }
  template <class Y>
  ONNX2MCU_INLINE void store(std::int32_t first, std::int32_t second, Y* y, bool both) const noexcept {
    first = first * (1 << L::scale_bits) + start, second = second * (1 << L::scale_bits) + start;
    if constexpr (L::has_careful) {
      if (careful) return store_careful<L>(first, second, y, channel, both);
    }
    *y = static_cast<Y>(requantize_sum<L>(first, multiplier));
    if (both) y[L::out_c] = static_cast<Y>(requantize_sum<L>(second, multiplier));
  }
};

/// `rows` (1 or 2) output channels from c on of `lines` rows of output. extra_end: behind the extra products
/// of these channels.
template <class L, int rows, class Y>
ONNX2MCU_INLINE void blocked_channels(const std::uint8_t* scratch, const std::uint8_t* extra_end, Y* y,
                                      int lines, int pixels, int c) noexcept {
  constexpr int pixel = Blocks<L>::pixel;
  const std::uint8_t* line = scratch + Blocks<L>::patch;
  const ChannelOutputs<L> even(c), odd(c + rows - 1);
  for (; lines > 0; --lines, line += Blocks<L>::row) {
    const std::uint8_t* x = line;
    for (int left = pixels; left > 0; left -= 2, x += 2 * pixel, y += 2 * L::out_c) {
      std::int32_t a[4] = {0, 0, 0, 0};
      L::Cpu::template upper_products<L::steps, L::rounds>(a, x, x + pixel, scratch);
      if constexpr (L::most_extras > 0) add_extras(a, x, x + pixel, scratch + Blocks<L>::extras, extra_end);
      const bool both = (L::tile % 2 == 0 && L::out_w % 2 == 0) || left > 1;
      even.store(a[0], a[2], y, both);
      if constexpr (rows == 2) odd.store(a[1], a[3], y + 1, both);
    }
    if constexpr (L::rows_at_once > 1 && L::out_w % 2 != 0) y -= L::out_c;
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
    if constexpr (L::out_c % 2 != 0) {
      if (c + 1 == L::out_c) {
        blocked_channels<L, 1>(scratch, extra, y + c, lines, pixels, c);
        continue;
      }
    }
    blocked_channels<L, 2>(scratch, extra, y + c, lines, pixels, c);
  }
}

/// One row of output from k_h rows of input. scratch: Blocks<L>::bytes, aligned like a word.
template <class L, class X, class Y>
ONNX2MCU_INLINE void blocked_conv2d_stage(const X* const (&rows)[L::k_h], Y* y, int,
                                          std::int8_t* bytes) noexcept {
  auto* const scratch = reinterpret_cast<std::uint8_t*>(bytes);
  for (int ox = 0; ox < L::out_w; ox += L::tile, y += L::tile * L::out_c) {
    for (int ky = 0; ky < L::k_h; ++ky) gather_halves<L>(rows[ky], ox, ky, scratch + Blocks<L>::patch);
    blocked_outputs_of_patch<L>(scratch, y, 1, ox + L::tile < L::out_w ? L::tile : L::out_w - ox);
  }
}

/// x: [in_h][in_w][in_c], y: [out_h][out_w][out_c]; no overlap. L: tile, rows_at_once (1, or tile == out_w);
/// steps * rounds >= words of a window; weights: by pair of rows [words][byte of the cell in the upper half,
/// then in the lower half][2], in the order of a window's columns, a missing last row is 0; extras,
/// first_extra, most_extras of a pair. A zero point and the pads are folded into `start`.
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
        for (int ky = 0; ky < L::k_h; ++ky)
          gather_halves<L>(rows[ky], 0, ky, scratch + (Blocks<L>::patch + line * Blocks<L>::row));
      }
      blocked_outputs_of_patch<L>(scratch, y, lines, L::out_w);
    }
  }
}

}  // namespace onnx2mcu

#endif
