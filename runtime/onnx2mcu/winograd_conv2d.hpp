// Quantized 3 x 3 convolution, stride 1, by Winograd's F(2 x 2, 3 x 3) in integers: 16 multiplications for
// four outputs instead of 36. Four rows and columns of input become 16 sums and differences, which meet 16
// weights, each four times a sum of the layer's own (so all are integers); sums of the products are four
// times the accumulators, modulo 2^32. Strips of four such tiles (two rows of eight outputs) meet two output
// channels at a time.
#ifndef ONNX2MCU_WINOGRAD_CONV2D_HPP
#define ONNX2MCU_WINOGRAD_CONV2D_HPP

#include "cpu/portable.hpp"
#include "packed_mac.hpp"
#include "window.hpp"

namespace onnx2mcu {

/// The scratch of a layer in words: for each of L::strips strips [16][pairs][4 tiles] transformed inputs, a
/// tile's columns one after the other, in each places 2, 1, 0, 3; behind them the columns of a strip, half
/// transformed, [10][4][pairs], or later the sums of two output channels, [2][4 tiles][2][4 columns]; a cell
/// of zero points; if L::weights are the model's own bytes, two channels' transformed ones.
template <class L>
struct Winograd {
  static constexpr int pairs = L::in_c / 2;  ///< words of a cell: two channels each
  static constexpr int columns = 10;         ///< of a strip, with those it shares with its neighbours
  static constexpr int inputs = 16 * pairs * 4;
  static constexpr int middle = columns * 4 * pairs;
  static constexpr int middle_at = L::strips * inputs, zero_at = middle_at + middle,
                       weights_at = zero_at + L::in_c / 4;
  static constexpr int across = (L::out_w + 7) / 8;  ///< strips of a row
  static constexpr bool transforms_weights = sizeof(L::weights[0]) == 1;
  static constexpr int words = weights_at + (transforms_weights ? 32 * pairs : 0);
};

/// The vertical sums of one column for all channels: t: [4][pairs]. A word holds channels (4q, 4q + 2) or the
/// next two.
template <class L, class X>
ONNX2MCU_INLINE void winograd_column(const X* a, const X* b, const X* c, const X* d,
                                     std::uint32_t* t) noexcept {
  constexpr int pairs = Winograd<L>::pairs;
  const auto combine = [](std::uint32_t p, std::uint32_t q, std::uint32_t r, std::uint32_t s,
                          std::uint32_t* to) ONNX2MCU_INLINE_LAMBDA {
    to[0] = L::Cpu::ssub16(p, r);
    to[pairs] = L::Cpu::sadd16(q, r);
    to[2 * pairs] = L::Cpu::ssub16(r, q);
    to[3 * pairs] = L::Cpu::ssub16(q, s);
  };
  for (int i = 0; i < L::in_c; i += 4, t += 2) {
    const std::uint32_t p = cpu::load_word(a + i), q = cpu::load_word(b + i), r = cpu::load_word(c + i),
                        s = cpu::load_word(d + i);
    combine(even_bytes<L, X>(p), even_bytes<L, X>(q), even_bytes<L, X>(r), even_bytes<L, X>(s), t);
    combine(odd_bytes<L, X>(p), odd_bytes<L, X>(q), odd_bytes<L, X>(r), odd_bytes<L, X>(s), t + 1);
  }
}

/// The four rows of input under output rows oy and oy + 1, null outside the image.
template <class L, class X>
ONNX2MCU_INLINE void winograd_rows(const X* x, int oy, const X* (&rows)[4]) noexcept {
  for (int k = 0; k < 4; ++k) {
    const int iy = oy - L::pad_top + k;
    rows[k] = iy < 0 || iy >= L::in_h ? nullptr : x + iy * (L::in_w * L::in_c);
  }
}

/// The inputs of the strip whose first output is (oy, ox).
template <class L, class X>
ONNX2MCU_INLINE void winograd_inputs(const X* x, int oy, int ox, std::uint32_t* scratch,
                                     std::uint32_t* to) noexcept {
  constexpr int pairs = Winograd<L>::pairs;
  const X* rows[4];
  winograd_rows<L>(x, oy, rows);
  std::uint32_t* t = scratch + Winograd<L>::middle_at;
  const X* const outside = reinterpret_cast<const X*>(scratch + Winograd<L>::zero_at);
  for (int ix = ox - L::pad_left, end = ix + Winograd<L>::columns; ix < end; ++ix, t += 4 * pairs) {
    const bool inside = ix >= 0 && ix < L::in_w;
    const auto cell = [&](const X* row) ONNX2MCU_INLINE_LAMBDA {
      return inside && row != nullptr ? row + ix * L::in_c : outside;
    };
    winograd_column<L>(cell(rows[0]), cell(rows[1]), cell(rows[2]), cell(rows[3]), t);
  }
  t = scratch + Winograd<L>::middle_at;
  for (int i = 0; i < 4; ++i) {
    std::uint32_t* place = to + (i == 3 ? 3 : 2 - i) * (4 * pairs);
    for (int pair = 0; pair < pairs; ++pair, ++t, place += 4)
      unrolled<4>([&](auto tile) ONNX2MCU_INLINE_LAMBDA {
        const std::uint32_t* const from = t + tile.value * 2 * (4 * pairs);
        const std::uint32_t p = from[0], q = from[4 * pairs], r = from[8 * pairs], s = from[12 * pairs];
        place[tile.value] = L::Cpu::ssub16(p, r);
        place[tile.value + 16 * pairs] = L::Cpu::sadd16(q, r);
        place[tile.value + 32 * pairs] = L::Cpu::ssub16(r, q);
        place[tile.value + 48 * pairs] = L::Cpu::ssub16(q, s);
      });
  }
}

/// Four times G g G' of two inputs a word, g: nine words. to: [16][pairs][2].
template <class L>
ONNX2MCU_INLINE void winograd_transformed(const std::uint32_t (&g)[9], std::int32_t* to) noexcept {
  constexpr int column = 4 * 2 * Winograd<L>::pairs;
  const auto add = [](std::uint32_t a, std::uint32_t b)
                       ONNX2MCU_INLINE_LAMBDA { return L::Cpu::sadd16(a, b); };
  const auto sub = [](std::uint32_t a, std::uint32_t b)
                       ONNX2MCU_INLINE_LAMBDA { return L::Cpu::ssub16(a, b); };
  const auto across = [&](std::uint32_t p, std::uint32_t q, std::uint32_t r, std::int32_t* place)
                          ONNX2MCU_INLINE_LAMBDA {
                            const std::uint32_t ends = add(p, r);
                            place[0] = cpu::wrap(add(p, p));
                            place[column] = cpu::wrap(add(ends, q));
                            place[2 * column] = cpu::wrap(sub(ends, q));
                            place[3 * column] = cpu::wrap(add(r, r));
                          };
  const std::uint32_t l = add(g[0], g[6]), m = add(g[1], g[7]), r = add(g[2], g[8]);
  across(sub(l, g[3]), sub(m, g[4]), sub(r, g[5]), to);
  across(add(l, g[3]), add(m, g[4]), add(r, g[5]), to + column / 4);
  across(add(g[0], g[0]), add(g[1], g[1]), add(g[2], g[2]), to + column / 2);
  across(add(g[6], g[6]), add(g[7], g[7]), add(g[8], g[8]), to + 3 * column / 4);
}

/// The transformed weights of two channels; w: [2][in_c / 4][9][4] bytes.
template <class L>
ONNX2MCU_INLINE void winograd_weights(const std::int8_t* w, std::int32_t* to) noexcept {
  for (int row = 0; row < 2; ++row, ++to)
    for (int pair = 0; pair < Winograd<L>::pairs; pair += 2, w += 36) {
      std::uint32_t even[9], odd[9];
      unrolled<9>([&](auto tap) ONNX2MCU_INLINE_LAMBDA {
        even[tap.value] = L::Cpu::sxtb16(cpu::load_word(w + 4 * tap.value));
      });
      winograd_transformed<L>(even, to + 2 * pair);
      unrolled<9>([&](auto tap) ONNX2MCU_INLINE_LAMBDA {
        odd[tap.value] = L::Cpu::sxtb16_ror8(cpu::load_word(w + 4 * tap.value));
      });
      winograd_transformed<L>(odd, to + 2 * pair + 2);
    }
}

/// The sums of two channels and a strip by columns of the tiles, [2][4 tiles][2][4]: of the products at its
/// places 0, 1 and 2, and of 2 and 3 less those of 1. Returns the weights of the next two channels.
template <class L>
ONNX2MCU_INLINE const std::int32_t* winograd_sums(const std::uint32_t* x, const std::int32_t* w,
                                                  std::int32_t* sums) noexcept {
  if constexpr (L::Cpu::has_blocks) {
    L::Cpu::template mac_columns<Winograd<L>::pairs, L::unroll>(x, w, sums);
  } else {
    for (int column = 0; column < 4; ++column) {
      std::int32_t a[4][8] = {};
      for (auto& place : a)
        for (int pair = 0; pair < Winograd<L>::pairs; ++pair, x += 4, w += 2)
          unrolled<8>([&](auto k) ONNX2MCU_INLINE_LAMBDA {
            place[k.value] = L::Cpu::smlad(cpu::load_word(w + k.value / 4), x[k.value % 4], place[k.value]);
          });
      for (int k = 0; k < 8; ++k) {
        const auto p2 = static_cast<std::uint32_t>(a[0][k]), p1 = static_cast<std::uint32_t>(a[1][k]);
        sums[8 * k + column] = cpu::wrap(static_cast<std::uint32_t>(a[2][k]) + p1 + p2);
        sums[8 * k + 4 + column] = cpu::wrap(p2 + static_cast<std::uint32_t>(a[3][k]) - p1);
      }
    }
  }
  return w;
}

/// Four times the accumulators of a tile, [2][2], from its sums, [2][4 columns]. start: four times their
/// first value.
ONNX2MCU_INLINE void winograd_tile(const std::int32_t* sums, std::int32_t start,
                                   std::int32_t (&four)[4]) noexcept {
  std::uint32_t s[8];
  unrolled<8>([&](auto i) ONNX2MCU_INLINE_LAMBDA { s[i.value] = static_cast<std::uint32_t>(sums[i.value]); });
  const std::uint32_t upper = static_cast<std::uint32_t>(start) + s[1],
                      lower = static_cast<std::uint32_t>(start) - s[5];
  four[0] = cpu::wrap(upper + s[0] + s[2]);
  four[1] = cpu::wrap(upper - s[2] - s[3]);
  four[2] = cpu::wrap(lower - s[4] - s[6]);
  four[3] = cpu::wrap(lower + s[6] + s[7]);
}

/// Channel c of a tile whose first output is (oy, ox): y = output(its place in the tile, 0 to 3), inside the
/// image.
template <class L, class Y, class Output>
ONNX2MCU_INLINE void winograd_store(Y* y, int oy, int ox, int c, Output output) noexcept {
  unrolled<4>([&](auto i) ONNX2MCU_INLINE_LAMBDA {
    constexpr int down = i.value / 2, right = i.value % 2;
    if ((down != 0 && L::out_h % 2 != 0 && oy + 1 == L::out_h) ||
        (right != 0 && L::out_w % 2 != 0 && ox + 1 == L::out_w))
      return;
    y[(down * L::out_w + ox + right) * L::out_c + c] = output(i.value);
  });
}

/// Output channel c of a strip: y = output(four times the accumulator).
template <class L, class Y, class Output>
ONNX2MCU_INLINE void winograd_channel(const std::int32_t* sums, Y* y, int oy, int ox, int c,
                                      Output output) noexcept {
  const std::int32_t start = L::bias[c];
  for (const int end = ox + 8 < L::out_w ? ox + 8 : L::out_w; ox < end; ox += 2, sums += 8) {
    std::int32_t four[4];
    winograd_tile(sums, start, four);
    winograd_store<L>(y, oy, ox, c, [&](int i) ONNX2MCU_INLINE_LAMBDA { return output(four[i]); });
  }
}

/// The outputs of `count` strips, the first of them the first-th of the image.
template <class L, class X, class Y, class Finish>
ONNX2MCU_INLINE void winograd_strips(const X* x, Y* y, int first, int count, std::uint32_t* scratch,
                                     Finish finish) noexcept {
  using W = Winograd<L>;
  std::int32_t* const sums = reinterpret_cast<std::int32_t*>(scratch + W::middle_at);
  for (int s = 0; s < count; ++s)
    winograd_inputs<L>(x, (first + s) / W::across * 2, (first + s) % W::across * 8, scratch,
                       scratch + s * W::inputs);
  const auto* w = L::weights;
  for (int c = 0; c < L::out_c; c += 2) {
    const std::int32_t *words, *behind = nullptr;
    if constexpr (W::transforms_weights) {
      words = reinterpret_cast<std::int32_t*>(scratch + W::weights_at);
      winograd_weights<L>(w, reinterpret_cast<std::int32_t*>(scratch + W::weights_at));
      w += 2 * 9 * L::in_c;
    } else {
      words = w;
    }
    for (int s = 0; s < count; ++s) {
      const int oy = (first + s) / W::across * 2, ox = (first + s) % W::across * 8;
      behind = winograd_sums<L>(scratch + s * W::inputs, words, sums);
      for (int k = 0; k < 2; ++k)
        finish.channel(sums + 32 * k, x, y + oy * (L::out_w * L::out_c), oy, ox, c + k);
    }
    if constexpr (!W::transforms_weights) w = behind;
  }
}

/// x: [in_h][in_w][in_c], y: [out_h][out_w][out_c], scratch: Winograd<L>::words; no overlap. in_c is a
/// multiple of 4, out_c of 2. strips: so many meet two channels' weights, 1 or all of some rows. weights: by
/// two output channels, by place in the tile (as in the scratch), by pair of inputs the two channels' words;
/// or bytes, [out_c][in_c / 4][3][3][4], transformed here. bias: four times the accumulators' first values,
/// the zero point folded into them; padded cells hold x_zero_point. finish.channel(sums, x, y, oy, ox, oc)
/// makes a channel's outputs of a strip in row oy of y.
template <class L, class X, class Y, class Finish>
ONNX2MCU_INLINE void winograd_conv2d_with(const X* x, Y* y, std::uint32_t* scratch, Finish finish) noexcept {
  constexpr int total = (L::out_h + 1) / 2 * Winograd<L>::across;
  const std::uint32_t zero_point = static_cast<std::uint8_t>(static_cast<X>(L::x_zero_point)) * 0x01010101U;
  for (int i = 0; i < L::in_c / 4; ++i) scratch[Winograd<L>::zero_at + i] = zero_point;
  for (int first = 0; first < total; first += L::strips)
    winograd_strips<L>(x, y, first,
                       total % L::strips == 0 || first + L::strips <= total ? L::strips : total - first,
                       scratch, finish);
}

/// Requantization, in the upper word of a product where the channel has that form (packed_mac.hpp).
template <class L, class Y>
struct WinogradRequantized {
  template <class X>
  ONNX2MCU_INLINE void channel(const std::int32_t* sums, const X*, Y* y, int oy, int ox,
                               int c) const noexcept {
    if constexpr (L::upper_shift > 0) {
      const std::int32_t multiplier = L::upper_multiplier[c], addend = L::upper_addend[c];
      if (L::upper_all || multiplier != 0) {
        winograd_channel<L>(sums, y, oy, ox, c, [&](std::int32_t sum) ONNX2MCU_INLINE_LAMBDA {
          return static_cast<Y>(
              saturate_shifted<L, L::upper_shift>(L::Cpu::smmla(sum * 64, multiplier, addend)));
        });
        return;
      }
    }
    const ChannelRequantizer<L> output(c);
    winograd_channel<L>(sums, y, oy, ox, c, [&](std::int32_t sum) ONNX2MCU_INLINE_LAMBDA {
      return static_cast<Y>(output(sum >> 2));
    });
  }
};

template <class L, class X, class Y>
ONNX2MCU_INLINE void winograd_conv2d(const X* x, Y* y, std::uint32_t* scratch) noexcept {
  winograd_conv2d_with<L>(x, y, scratch, WinogradRequantized<L, Y>{});
}

}  // namespace onnx2mcu

#endif
