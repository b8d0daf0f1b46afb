// Quantized 2-D convolution with packed weights (packed_mac.hpp), channels last, one group.
// A patch of `tile` pixels' input cells, widened to int16 and padded with the zero point, is gathered once
// and then met by all output channels, four rows and two pixels at a time.
#ifndef ONNX2MCU_PACKED_CONV2D_HPP
#define ONNX2MCU_PACKED_CONV2D_HPP

#include "packed_pairs.hpp"
#include "window.hpp"

namespace onnx2mcu {

/// Where element i of a cell lies in the patch: of four, 0 and 2 come before 1 and 3, as a word's bytes are
/// widened.
constexpr int patch_element(int i, int elements) noexcept {
  return i / 4 * 4 + 4 > elements || i % 4 == 0 || i % 4 == 3 ? i : i % 4 == 1 ? i + 1 : i - 1;
}

/// n elements of x to int16.
template <class L, int n, class X>
ONNX2MCU_INLINE void widen(const X* x, std::int16_t* out) noexcept {
  const auto fours = [&](auto count) ONNX2MCU_INLINE_LAMBDA {
    std::uint32_t words[count.value > 0 ? count.value : 1];  // neighbouring loads take less time
    unrolled<count.value>([&](auto k)
                              ONNX2MCU_INLINE_LAMBDA { words[k.value] = cpu::load_word(x + 4 * k.value); });
    unrolled<count.value>([&](auto k) ONNX2MCU_INLINE_LAMBDA {
      cpu::store_word(out + 4 * k.value, even_bytes<L, X>(words[k.value]));
      cpu::store_word(out + 4 * k.value + 2, odd_bytes<L, X>(words[k.value]));
    });
    x += 4 * count.value, out += 4 * count.value;
  };
  for (int i = 0; i < n / 16; ++i) fours(Index<4>{});
  fours(Index<n % 16 / 4>{});
  for (int i = 0; i < n % 4; ++i) out[i] = x[i];
}

/// Where the scratch goes on behind the patch: room for four rows of weights, if they are copied to RAM.
template <class L>
ONNX2MCU_INLINE std::int32_t* patch_end(std::int16_t* patch) noexcept {
  return reinterpret_cast<std::int32_t*>(patch + L::rows_at_once * Patch<L>::row + 2);
}

template <int words>
ONNX2MCU_INLINE void copy_words(const std::int32_t* from, std::int32_t* to) noexcept {
  const auto four = [&](int i) ONNX2MCU_INLINE_LAMBDA {
    const std::int32_t a = from[i], b = from[i + 1], c = from[i + 2], d = from[i + 3];
    to[i] = a, to[i + 1] = b, to[i + 2] = c, to[i + 3] = d;
  };
  for (int i = 0; i < words / 8; ++i, from += 8, to += 8) four(0), four(4);
  if constexpr (words % 8 >= 4) four(0);
  unrolled<words % 4>([&](auto k) ONNX2MCU_INLINE_LAMBDA {
    to[words % 8 / 4 * 4 + k.value] = from[words % 8 / 4 * 4 + k.value];
  });
}

/// Whether that takes time off: not where the core holds the weights of four rows in its FPU over all pixels.
template <class L, class Y, class Finish>
constexpr bool copies_weights() noexcept {
  if constexpr (L::copied && L::Cpu::has_blocks && std::is_same_v<Finish, Requantized<L, Y>>)
    if constexpr (Patch<L>::taps == L::k_w && has_whole_pairs<L, Beside<L>>())
      return !(L::upper_all && L::Cpu::template holds_weights<Patch<L>::steps, L::unroll>());
  return L::copied;
}

/// `count` cells of zero points, one in each column.
template <class L>
ONNX2MCU_INLINE std::int16_t* fill_zero_point(std::int16_t* patch, int count) noexcept {
  for (; count > 0; --count, patch += Patch<L>::column)
    for (int i = 0; i < L::in_c; ++i) patch[i] = static_cast<std::int16_t>(L::x_zero_point);
  return patch;
}

/// One row of the patch for `count` pixels from ox on; x: the input row, or null above and below the image.
template <class L, class X>
ONNX2MCU_INLINE void gather_row(const X* x, int ox, int count, std::int16_t* patch) noexcept {
  const int first = ox * L::stride_w - L::pad_left;  // may lie outside the image
  const int end = first + Patch<L>::columns - (L::tile - count) * L::stride_w;
  const int from = first < 0 ? 0 : first, to = x == nullptr || end < from ? from
                                               : end < L::in_w            ? end
                                                                          : L::in_w;
  patch = fill_zero_point<L>(patch, from - first);
  x += from * L::in_c;
  int i = from;
  if constexpr (L::in_c == 1)
    for (; i + 4 <= to; i += 4, x += 4, patch += 4 * Patch<L>::column) {
      const std::uint32_t word = cpu::load_word(x);
      unrolled<4>([&](auto k) ONNX2MCU_INLINE_LAMBDA {
        patch[k.value * Patch<L>::column] = static_cast<X>(word >> (8 * k.value) & 0xFFU);
      });
    }
  for (; i < to; ++i, x += L::in_c, patch += Patch<L>::column) widen<L, L::in_c>(x, patch);
  fill_zero_point<L>(patch, end - to);
}

/// `rows` output channels from c on of `pixels` pixels from ox on.
template <class L, class D, int rows, int pixels, class Y, class Finish>
ONNX2MCU_INLINE void packed_pixels(const std::int16_t* patch, const std::int32_t* w, Y* y, int ox, int c,
                                   Finish finish) noexcept {
  constexpr int pairs = (rows + 1) / 2;
  PackedSums<pairs, pixels> sums;
  sums.start(L::bias + c);
  for (int kx = 0; kx < L::k_w; kx += Patch<L>::taps)
    packed_run<L, Patch<L>::steps, D::second>(sums, patch + kx * L::dil_w * Patch<L>::column, w);
  packed_finish<L, rows>(sums, y + c, D::out, [&](std::int32_t acc, int p, int row) ONNX2MCU_INLINE_LAMBDA {
    return finish(acc, D::pixels == 2 ? ox + p : ox, c + row);
  });
}

/// Four output channels from c on of `count` pairs of pixels, the first of them at ox.
template <class L, class D, class Y, class Finish>
ONNX2MCU_INLINE void packed_fours(const std::int16_t* patch, const std::int32_t* w, Y* y, int ox, int count,
                                  int c, Finish finish) noexcept {
  if constexpr (FinishesPairs<Finish>::value) {
    if (Finish::takes_pairs(c)) return packed_pairs<L, D>(patch, w, y, count, c, finish);
  }
  if constexpr (finishes_together<L, 4, 2, Y, Finish>())
    packed_float_pairs<L, D>(patch, w, y, count, c);
  else
    for (; count > 0; --count, ox += D::pixels, patch += D::ahead, y += D::along)
      packed_pixels<L, D, 4, 2>(patch, w, y, ox, c, finish);
}

/// `rows` output channels from c on of the patch's pixels [ox, end). The last one of an odd number of pixels
/// goes with the one before it once more.
template <class L, int rows, class Y, class Finish>
ONNX2MCU_INLINE void packed_rows(const std::int16_t* patch, const std::int32_t* w, Y* y, int ox, int end,
                                 int c, Finish finish) noexcept {
  using D = Beside<L>;
  const auto pairs = [&](int count) ONNX2MCU_INLINE_LAMBDA {
    if constexpr (rows == 4 && Patch<L>::taps == L::k_w) {
      packed_fours<L, D>(patch, w, y, ox, count, c, finish);
      ox += 2 * count, patch += count * D::ahead, y += count * D::along;
    } else {
      if constexpr (rows <= 2 && L::packed)  // few sums: of two pairs at once
        for (; count >= 2; count -= 2, ox += 4, patch += 2 * D::ahead, y += 2 * D::along)
          packed_pixels<L, D, rows, 4>(patch, w, y, ox, c, finish);
      for (; count > 0; --count, ox += 2, patch += D::ahead, y += D::along)
        packed_pixels<L, D, rows, 2>(patch, w, y, ox, c, finish);
    }
  };
  if constexpr (L::out_w == 1) {
    packed_pixels<L, D, rows, 1>(patch, w, y, ox, c, finish);
  } else {
    for (int count = (end - ox) / 2;; count = 1) {
      pairs(count);
      if (L::out_w % 2 == 0 || ox == end) return;
      --ox, patch -= D::second, y -= D::out;
    }
  }
}

/// Two rows of output, one below the other: y = finish(accumulator, ox, oc) without the row. L::out_c is a
/// multiple of 4.
template <class L, class X, class Y, class Finish>
ONNX2MCU_INLINE void packed_conv2d_two_rows(const X* const (&first)[L::k_h], const X* const (&second)[L::k_h],
                                            Y* y, std::int16_t* patch, Finish finish) noexcept {
  constexpr int words = 2 * Patch<L>::pair_words;
  for (int ky = 0; ky < L::k_h; ++ky) {
    gather_row<L>(first[ky], 0, L::out_w, patch + ky * L::in_c);
    gather_row<L>(second[ky], 0, L::out_w, patch + Patch<L>::row + ky * L::in_c);
  }
  const std::int32_t* w = L::weights;
  for (int c = 0; c < L::out_c; c += 4, w += words) {
    if constexpr (L::copied) copy_words<words>(w, patch_end<L>(patch));
    packed_fours<L, Below<L>>(patch, L::copied ? patch_end<L>(patch) : w, y, 0, L::out_w, c, finish);
  }
}

/// One row of output from k_h rows of input: y = finish(accumulator, ox, oc).
template <class L, class X, class Y, class Finish>
ONNX2MCU_INLINE void packed_conv2d_row(const X* const (&rows)[L::k_h], Y* y, std::int16_t* patch,
                                       Finish finish) noexcept {
  constexpr int words = Patch<L>::pair_words * (L::packed ? 1 : 2);
  for (int ox = 0; ox < L::out_w; ox += L::tile, y += L::tile * L::out_c) {
    const int end = ox + L::tile < L::out_w ? ox + L::tile : L::out_w;
    if (L::out_w % 2 != 0 && ox > 0 && end == L::out_w)  // pixels go in pairs: one of the last patch again
      --ox, y -= L::out_c;
    for (int ky = 0; ky < L::k_h; ++ky) gather_row<L>(rows[ky], ox, end - ox, patch + ky * L::in_c);
    const std::int32_t* w = L::weights;
    int c = 0;
    for (; c + 4 <= L::out_c; c += 4, w += 2 * words) {
      if constexpr (copies_weights<L, Y, Finish>()) copy_words<2 * words>(w, patch_end<L>(patch));
      packed_rows<L, 4>(patch, copies_weights<L, Y, Finish>() ? patch_end<L>(patch) : w, y, ox, end, c,
                        finish);
    }
    if constexpr (L::out_c % 4 >= 2) packed_rows<L, 2>(patch, w, y, ox, end, c, finish);
    if constexpr (L::out_c % 2 != 0)
      packed_rows<L, 1>(patch, w + (L::out_c % 4 == 3 ? words : 0), y, ox, end, L::out_c - 1, finish);
  }
}

template <class L, class X, class Y>
ONNX2MCU_INLINE void packed_conv2d_stage(const X* const (&rows)[L::k_h], Y* y, int,
                                         std::int16_t* patch) noexcept {
  packed_conv2d_row<L>(rows, y, patch, Requantized<L, Y>{});
}

/// make(rows, rows of the next, y, oy) for every two rows of output; the last one of an odd number with the
/// one before it once more.
template <class L, class X, class Y, class Make>
ONNX2MCU_INLINE void for_each_two_rows(const X* x, Y* y, Make make) noexcept {
  for (int at = 0; at < L::out_h; at += 2) {
    const int oy = at + 1 < L::out_h ? at : at - 1;
    const X *first[L::k_h], *second[L::k_h];
    input_rows<L, L::in_w * L::in_c>(x, oy, first);
    input_rows<L, L::in_w * L::in_c>(x, oy + 1, second);
    make(first, second, y + oy * (L::out_w * L::out_c), oy);
  }
}

/// x: [in_h][in_w][in_c], y: [out_h][out_w][out_c], patch: rows_at_once times Patch<L>::row elements and 2
/// more, and four rows of weights if they are copied; no overlap. L: packed, tile, rows_at_once (1, or 2 if
/// tile == out_w, dil_w == 1 and four divides out_c), copied; weights: blocks of 4 rows (the last ones of 2),
/// in each by two inputs of a window the pairs' words; bias: by pair, where packed 256 * A + B and B. A zero
/// point is folded into it, padded cells hold x_zero_point. y = finish(accumulator, ox, oc).
template <class L, class X, class Y, class Finish>
ONNX2MCU_INLINE void packed_conv2d_with(const X* x, Y* y, std::int16_t* patch, Finish finish) noexcept {
  if constexpr (L::rows_at_once == 2)
    for_each_two_rows<L>(x, y, [&](const auto& first, const auto& second, Y* to, int) ONNX2MCU_INLINE_LAMBDA {
      packed_conv2d_two_rows<L>(first, second, to, patch, finish);
    });
  else
    for_each_output_row<L, L::in_w * L::in_c, L::out_w * L::out_c>(
        x, y, [&](const auto& rows, Y* to, int) ONNX2MCU_INLINE_LAMBDA {
          packed_conv2d_row<L>(rows, to, patch, finish);
        });
}

template <class L, class X, class Y>
ONNX2MCU_INLINE void packed_conv2d(const X* x, Y* y, std::int16_t* patch) noexcept {
  packed_conv2d_with<L>(x, y, patch, Requantized<L, Y>{});
}

/// Weight [oc][ky][kx][i].
template <class L>
ONNX2MCU_INLINE std::int32_t packed_conv_weight(int oc, int ky, int kx, int i) noexcept {
  if constexpr (L::packed && Patch<L>::taps == L::k_w && L::in_c % 2 == 0 &&
                L::out_c % 4 == 0) {  // where it lies is the sum of what oc, i and the tap add
    std::int16_t pair = 0;
    const int at = patch_element(i, L::in_c);
    const char* const first =
        reinterpret_cast<const char*>(L::weights + oc / 4 * (2 * Patch<L>::pair_words) + (oc & 3) / 2) +
        ((at >> 1) * 8 + (at & 1) * 2);
    __builtin_memcpy(&pair, first + (kx * Patch<L>::column + ky * L::in_c) * 4, sizeof(pair));
    const std::int32_t low = static_cast<std::int8_t>(pair & 0xFF);
    return (oc & 1) != 0 ? low : (pair - low) >> 8;
  }
  const int column = Patch<L>::taps == 1 ? 2 * Patch<L>::steps : Patch<L>::column;
  const int input = kx * column + ky * L::in_c + patch_element(i, L::in_c),
            block = oc / 4 * (2 * Patch<L>::pair_words);
  const int word =
      oc < L::out_c / 4 * 4 ? input / 2 * 2 + (oc & 3) / 2 : (oc & 3) / 2 * Patch<L>::pair_words + input / 2;
  return packed_weight<L>(block + word, input & 1, oc);
}

}  // namespace onnx2mcu

#endif
