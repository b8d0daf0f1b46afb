// Quantized 2-D convolution with packed weights (packed_mac.hpp), channels last, one group.
// A patch of `tile` pixels' input cells, widened to int16 and padded with the zero point, is gathered once
// and then met by all output channels, four rows and two pixels at a time.
#ifndef ONNX2MCU_PACKED_CONV2D_HPP
#define ONNX2MCU_PACKED_CONV2D_HPP

#include "packed_mac.hpp"
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

/// The cells under `tile` pixels, column by column: [column][k_h][in_c], so that a pixel's whole window is
/// contiguous.
template <class L>
struct Patch {
  static constexpr int columns = (L::tile - 1) * L::stride_w + (L::k_w - 1) * L::dil_w + 1;
  static constexpr int column = L::k_h * L::in_c;           ///< elements
  static constexpr int taps = L::dil_w == 1 ? L::k_w : 1;   ///< kernel columns that lie side by side
  static constexpr int steps = (taps * column + 1) / 2;     ///< words of such a run; the odd one has weight 0
  static constexpr int pair_words = L::k_w / taps * steps;  ///< of packed weights of a pair of rows
  static constexpr int pixel = L::stride_w * column;        ///< elements from one pixel to the next
};

/// Where the scratch goes on behind the patch: room for four rows of weights, if they are copied to RAM.
template <class L>
ONNX2MCU_INLINE std::int32_t* patch_end(std::int16_t* patch) noexcept {
  return reinterpret_cast<std::int32_t*>(patch + (Patch<L>::columns * Patch<L>::column + 3) / 2 * 2);
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
template <class L, int rows, int pixels, class Y, class Finish>
ONNX2MCU_INLINE void packed_pixels(const std::int16_t* patch, const std::int32_t* w, Y* y, int ox, int c,
                                   Finish finish) noexcept {
  constexpr int pairs = (rows + 1) / 2;
  PackedSums<pairs, pixels> sums;
  sums.start(L::bias + c);
  for (int kx = 0; kx < L::k_w; kx += Patch<L>::taps)
    packed_run<L, Patch<L>::steps, Patch<L>::pixel>(sums, patch + kx * L::dil_w * Patch<L>::column, w);
  if constexpr (finishes_together<L, rows, pixels, Y, Finish>()) {
    L::Cpu::scale_4x2(sums.value, L::scale + c);
    unrolled<8>([&](auto i) ONNX2MCU_INLINE_LAMBDA {
      y[c + i.value / 4 * L::out_c + i.value % 4] =
          static_cast<Y>(saturate<L>(sums.value[i.value] + L::y_zero_point));
    });
    return;
  }
  packed_finish<L, rows>(sums, y + c, L::out_c, [&](std::int32_t acc, int p, int row) ONNX2MCU_INLINE_LAMBDA {
    return finish(acc, ox + p, c + row);
  });
}

/// 256 times the accumulator of row k and pixel p.
template <int k, int p>
ONNX2MCU_INLINE std::int32_t packed_pair_sum(const PackedSums<2, 2>& sums) noexcept {
  if constexpr (k % 2 != 0)
    return sums.value[4 * p + k] * 256;
  else
    return cpu::wrapping_sub(sums.value[4 * p + k], sums.value[4 * p + k + 1]);
}

/// Row k of two pixels, unless one of them is doubtful.
template <class L, int k, class Finish, class Doubt, class Y>
ONNX2MCU_INLINE bool packed_pair_row(const PackedSums<2, 2>& sums, std::int32_t multiplier,
                                     std::int32_t addend, Doubt parked, Y* y) noexcept {
  std::uint32_t doubt = 0;
  if constexpr (Finish::has_doubt) doubt = parked.get();
  const std::int32_t first = Finish::scaled(packed_pair_sum<k, 0>(sums), multiplier, addend);
  if (Finish::has_doubt && Finish::is_doubtful(first, doubt)) return false;
  y[k] = Finish::rounded(first);
  const std::int32_t second = Finish::scaled(packed_pair_sum<k, 1>(sums), multiplier, addend);
  if (Finish::has_doubt && Finish::is_doubtful(second, doubt)) return false;
  y[L::out_c + k] = Finish::rounded(second);
  return true;
}

/// Four output channels from c on of pairs of the patch's pixels from ox on, up to end. What the loop needs
/// only once a pair is parked: the innermost loop takes all registers. (In variables of their own, or they
/// would stay in memory.)
template <class L, class Y, class Finish>
ONNX2MCU_INLINE void packed_pairs(const std::int16_t* patch, const std::int32_t* w, Y* y, int ox, int end,
                                  int c, Finish finish) noexcept {
  using Word = typename L::Cpu::template Parked<std::int32_t>;
  using Input = typename L::Cpu::template Parked<const std::int16_t*>;
  using Output = typename L::Cpu::template Parked<Y*>;
  const Word s0(L::bias[c]), s1(L::bias[c + 1]), s2(L::bias[c + 2]), s3(L::bias[c + 3]);
  const Word m0(Finish::multiplier(c)), m1(Finish::multiplier(c + 1)), m2(Finish::multiplier(c + 2)),
      m3(Finish::multiplier(c + 3));
  const Word a0(Finish::addend(c)), a1(Finish::addend(c + 1)), a2(Finish::addend(c + 2)),
      a3(Finish::addend(c + 3));
  using Doubt = typename L::Cpu::template Parked<std::uint32_t>;
  const Doubt d0(Finish::doubt(c)), d1(Finish::doubt(c + 1)), d2(Finish::doubt(c + 2)),
      d3(Finish::doubt(c + 3));
  const typename L::Cpu::template Parked<const std::int32_t*> weights(w);
  Input x(patch);
  Output to(y + c);
  for (Word at(ox);;) {
    PackedSums<2, 2> sums{{s0.get(), s1.get(), s2.get(), s3.get(), s0.get(), s1.get(), s2.get(), s3.get()}};
    const std::int32_t* from = weights.get();
    packed_run<L, Patch<L>::steps, Patch<L>::pixel>(sums, x.get(), from);
    Y* const out = to.get();
    const bool certain = packed_pair_row<L, 0, Finish>(sums, m0.get(), a0.get(), d0, out) &&
                         packed_pair_row<L, 1, Finish>(sums, m1.get(), a1.get(), d1, out) &&
                         packed_pair_row<L, 2, Finish>(sums, m2.get(), a2.get(), d2, out) &&
                         packed_pair_row<L, 3, Finish>(sums, m3.get(), a3.get(), d3, out);
    if constexpr (Finish::has_doubt) {
      if (!certain) {  // all eight once more
        std::int32_t acc_256[8];
        unrolled<4>([&](auto k) ONNX2MCU_INLINE_LAMBDA {
          acc_256[k.value] = packed_pair_sum<k.value, 0>(sums);
          acc_256[k.value + 4] = packed_pair_sum<k.value, 1>(sums);
        });
        finish.doubtful_pair(acc_256, x.get(), weights.get(), out, c);
      }
    }
    const int next = at.get() + 2;
    if (next + 2 > end) break;
    at = Word(next);
    x = Input(x.get() + 2 * Patch<L>::pixel);
    to = Output(out + 2 * L::out_c);
  }
}

/// Whether the core has all of that in one piece.
template <class L, class Y, class Finish>
constexpr bool takes_upper_pairs() noexcept {
  if constexpr (L::Cpu::has_blocks && std::is_same_v<Finish, Requantized<L, Y>>)
    return L::Cpu::takes_pairs(Patch<L>::steps, 2 * Patch<L>::pixel, L::out_c) &&
           L::y_max - L::y_min == 255 && L::out_w > 1;
  return false;
}

/// Four output channels from c on of `count` pixels, at least 2: the last one of an odd number goes with the
/// one before it once more.
template <class L, class Y>
ONNX2MCU_INLINE void packed_upper_pairs(const std::int16_t* patch, const std::int32_t* w, Y* y, int count,
                                        int c) noexcept {
  for (bool last = count % 2 == 0;; last = true) {
    const std::int16_t* const end = patch + count / 2 * 2 * Patch<L>::pixel;
    L::Cpu::template upper_pairs<Patch<L>::steps, 2 * Patch<L>::pixel, L::out_c, L::upper_shift,
                                 (L::y_min < 0), L::unroll>(patch, end, w, y + c, L::bias + c,
                                                            L::upper_multiplier + c, L::upper_addend + c);
    if (last) return;
    patch = end - Patch<L>::pixel, y += (count - 2) * L::out_c, count = 2;
  }
}

/// The same for four channels that are requantized in float together.
template <class L, class Y>
ONNX2MCU_INLINE void packed_float_pairs(const std::int16_t* patch, const std::int32_t* w, Y* y, int count,
                                        int c) noexcept {
  using Word = typename L::Cpu::template Parked<std::int32_t>;
  using Input = typename L::Cpu::template Parked<const std::int16_t*>;
  using Output = typename L::Cpu::template Parked<Y*>;
  const Word s0(L::bias[c]), s1(L::bias[c + 1]), s2(L::bias[c + 2]), s3(L::bias[c + 3]);
  const typename L::Cpu::template Parked<const std::int32_t*> weights(w);
  const typename L::Cpu::template Parked<const float*> scale(L::scale + c);
  Input x(patch);
  Output to(y + c);
  for (Word left(count);;) {
    PackedSums<2, 2> sums{{s0.get(), s1.get(), s2.get(), s3.get(), s0.get(), s1.get(), s2.get(), s3.get()}};
    const std::int32_t* from = weights.get();
    packed_run<L, Patch<L>::steps, Patch<L>::pixel>(sums, x.get(), from);
    L::Cpu::scale_4x2(sums.value, scale.get());
    Y* const out = to.get();
    unrolled<8>([&](auto i) ONNX2MCU_INLINE_LAMBDA {
      out[i.value / 4 * L::out_c + i.value % 4] =
          static_cast<Y>(saturate<L>(sums.value[i.value] + L::y_zero_point));
    });
    const int next = left.get() - 1;
    if (next == 0) break;
    left = Word(next);
    x = Input(x.get() + 2 * Patch<L>::pixel);
    to = Output(out + 2 * L::out_c);
  }
}

/// `rows` output channels from c on of the patch's pixels [ox, end).
template <class L, int rows, class Y, class Finish>
ONNX2MCU_INLINE void packed_rows(const std::int16_t* patch, const std::int32_t* w, Y* y, int ox, int end,
                                 int c, Finish finish) noexcept {
  const auto one_by_one = [&]() ONNX2MCU_INLINE_LAMBDA {
    if constexpr (Patch<L>::taps == L::k_w && finishes_together<L, rows, 2, Y, Finish>()) {
      const int pairs = (end - ox) / 2;
      if (pairs > 0) packed_float_pairs<L>(patch, w, y, pairs, c);
      ox += 2 * pairs, patch += 2 * pairs * Patch<L>::pixel, y += 2 * pairs * L::out_c;
    } else {
      for (; ox + 2 <= end; ox += 2, patch += 2 * Patch<L>::pixel, y += 2 * L::out_c)
        packed_pixels<L, rows, 2>(patch, w, y, ox, c, finish);
    }
  };
  if constexpr (rows == 4 && Patch<L>::taps == L::k_w && FinishesPairs<Finish>::value) {
    if (Finish::takes_pairs(c)) {
      if constexpr (takes_upper_pairs<L, Y, Finish>()) {
        packed_upper_pairs<L>(patch, w, y, end - ox, c);
        return;
      }
      const int pairs = (end - ox) / 2;
      if (pairs > 0) packed_pairs<L>(patch, w, y, ox, end, c, finish);
      ox += 2 * pairs, patch += 2 * pairs * Patch<L>::pixel, y += 2 * pairs * L::out_c;
    } else {
      one_by_one();
    }
  } else {
    one_by_one();
  }
  if constexpr (L::tile % 2 != 0 || L::out_w % 2 != 0) {
    if (ox != end) packed_pixels<L, rows, 1>(patch, w, y, ox, c, finish);
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
      if constexpr (L::copied) copy_words<2 * words>(w, patch_end<L>(patch));
      packed_rows<L, 4>(patch, L::copied ? patch_end<L>(patch) : w, y, ox, end, c, finish);
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

/// x: [in_h][in_w][in_c], y: [out_h][out_w][out_c], patch: Patch<L>::columns of Patch<L>::column elements and
/// 2 more, and four rows of weights if they are copied; no overlap. L: packed, tile, copied; weights: blocks
/// of 4 rows (the last ones of 2), in each by two inputs of a window the pairs' words; bias: by pair, where
/// packed 256 * A + B and B. A zero point is folded into it, padded cells hold x_zero_point. y =
/// finish(accumulator, ox, oc).
template <class L, class X, class Y, class Finish>
ONNX2MCU_INLINE void packed_conv2d_with(const X* x, Y* y, std::int16_t* patch, Finish finish) noexcept {
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
