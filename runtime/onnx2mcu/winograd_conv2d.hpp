// Quantized 3 x 3 convolution, stride 1, by Winograd's F(2 x 2, 3 x 3) in integers: 16 multiplications for four outputs
// instead of 36. Four rows and columns of input become 16 sums and differences, which meet 16 weights, each four times
// a sum of the layer's own (so all are integers); sums of the products are four times the accumulators, modulo 2^32.
// Strips of four such tiles (two rows of eight outputs) meet two output channels at a time.
#ifndef ONNX2MCU_WINOGRAD_CONV2D_HPP
#define ONNX2MCU_WINOGRAD_CONV2D_HPP

#include "cpu/portable.hpp"
#include "packed_mac.hpp"
#include "window.hpp"

namespace onnx2mcu {

/// The scratch of a layer in words: [16][pairs][4 tiles] transformed inputs; behind them the columns of a strip, half
/// transformed, [10][4][pairs], or later the products of two output channels, [16][2][4 tiles]; a cell of zero points.
template <class L>
struct Winograd {
  static constexpr int pairs = L::in_c / 2;  ///< words of a cell: two channels each
  static constexpr int columns = 10;         ///< of a strip, with those it shares with its neighbours
  static constexpr int inputs = 16 * pairs * 4;
  static constexpr int middle = columns * 4 * pairs > 128 ? columns * 4 * pairs : 128;
  static constexpr int words = inputs + middle + L::in_c / 4;
};

/// The vertical sums of one column for all channels: t: [4][pairs]. A word holds channels (4q, 4q + 2) or the next two.
template <class L, class X>
ONNX2MCU_INLINE void winograd_column(const X* a, const X* b, const X* c, const X* d, std::uint32_t* t) noexcept {
  constexpr int pairs = Winograd<L>::pairs;
  const auto combine = [](std::uint32_t p, std::uint32_t q, std::uint32_t r, std::uint32_t s, std::uint32_t* to) ONNX2MCU_INLINE_LAMBDA {
    to[0] = L::Cpu::ssub16(p, r);
    to[pairs] = L::Cpu::sadd16(q, r);
    to[2 * pairs] = L::Cpu::ssub16(r, q);
    to[3 * pairs] = L::Cpu::ssub16(q, s);
  };
  for (int i = 0; i < L::in_c; i += 4, t += 2) {
    const std::uint32_t p = cpu::load_word(a + i), q = cpu::load_word(b + i), r = cpu::load_word(c + i), s = cpu::load_word(d + i);
    combine(even_bytes<L, X>(p), even_bytes<L, X>(q), even_bytes<L, X>(r), even_bytes<L, X>(s), t);
    combine(odd_bytes<L, X>(p), odd_bytes<L, X>(q), odd_bytes<L, X>(r), odd_bytes<L, X>(s), t + 1);
  }
}

/// The inputs of the strip whose first output column is ox; rows: the four under it, null outside the image.
template <class L, class X>
ONNX2MCU_INLINE void winograd_inputs(const X* const (&rows)[4], int ox, std::uint32_t* scratch) noexcept {
  constexpr int pairs = Winograd<L>::pairs;
  std::uint32_t* t = scratch + Winograd<L>::inputs;
  const X* const outside = reinterpret_cast<const X*>(t + Winograd<L>::middle);
  for (int ix = ox - L::pad_left, end = ix + Winograd<L>::columns; ix < end; ++ix, t += 4 * pairs) {
    const bool inside = ix >= 0 && ix < L::in_w;
    const auto cell = [&](const X* row) ONNX2MCU_INLINE_LAMBDA { return inside && row != nullptr ? row + ix * L::in_c : outside; };
    winograd_column<L>(cell(rows[0]), cell(rows[1]), cell(rows[2]), cell(rows[3]), t);
  }
  t = scratch + Winograd<L>::inputs;
  for (int i = 0; i < 4; ++i, scratch += 4 * 4 * pairs - 4 * pairs)
    for (int pair = 0; pair < pairs; ++pair, ++t, scratch += 4)
      unrolled<4>([&](auto tile) ONNX2MCU_INLINE_LAMBDA {
        const std::uint32_t* const from = t + tile.value * 2 * (4 * pairs);
        const std::uint32_t p = from[0], q = from[4 * pairs], r = from[8 * pairs], s = from[12 * pairs];
        std::uint32_t* const to = scratch + tile.value;
        to[0] = L::Cpu::ssub16(p, r);
        to[4 * pairs] = L::Cpu::sadd16(q, r);
        to[8 * pairs] = L::Cpu::ssub16(r, q);
        to[12 * pairs] = L::Cpu::ssub16(q, s);
      });
}

/// The products of two channels with a strip: [16][2][4 tiles]. Returns the weights of the next two.
template <class L>
ONNX2MCU_INLINE const std::int32_t* winograd_products(const std::uint32_t* x, const std::int32_t* w, std::int32_t* products) noexcept {
  if constexpr (L::Cpu::has_blocks) {
    L::Cpu::template mac_places<Winograd<L>::pairs, L::unroll>(x, w, products);
  } else {
    for (int place = 0; place < 16; ++place, products += 8) {
      std::int32_t a[8] = {};
      for (int pair = 0; pair < Winograd<L>::pairs; ++pair, x += 4, w += 2)
        unrolled<8>([&](auto k) ONNX2MCU_INLINE_LAMBDA { a[k.value] = L::Cpu::smlad(cpu::load_word(w + k.value / 4), x[k.value % 4], a[k.value]); });
      for (int k = 0; k < 8; ++k) products[k] = a[k];
    }
  }
  return w;
}

/// m: [16][2][4 tiles] products, start: four times the accumulators' first value. Calls give(four times the accumulator, y, x) for the four outputs of one channel of one tile.
template <class Give>
ONNX2MCU_INLINE void winograd_outputs(const std::int32_t* m, std::int32_t start, Give give) noexcept {
  std::uint32_t upper[4], lower[4];
  unrolled<4>([&](auto j) ONNX2MCU_INLINE_LAMBDA {
    const auto at = [&](int i) ONNX2MCU_INLINE_LAMBDA { return static_cast<std::uint32_t>(m[(4 * i + j.value) * 8]); };
    const std::uint32_t p = at(1) + (j.value == 1 ? static_cast<std::uint32_t>(start) : 0U), q = at(2);  // this one is part of all four outputs
    upper[j.value] = at(0) + p + q;
    lower[j.value] = p - q - at(3);
  });
  const auto row = [&](const std::uint32_t (&s)[4], int y) ONNX2MCU_INLINE_LAMBDA {
    give(cpu::wrap(s[0] + s[1] + s[2]), y, 0);
    give(cpu::wrap(s[1] - s[2] - s[3]), y, 1);
  };
  row(upper, 0);
  row(lower, 1);
}

/// Output channel c of a strip: y = output(four times the accumulator, oy, ox).
template <class L, class Y, class Output>
ONNX2MCU_INLINE void winograd_channel(const std::int32_t* products, Y* y, int oy, int ox, int c, Output output) noexcept {
  const std::int32_t start = L::bias[c];
  for (int tile = 0; tile < 4 && ox + 2 * tile < L::out_w; ++tile)
    winograd_outputs(products + tile, start, [&](std::int32_t sum, int j, int i) ONNX2MCU_INLINE_LAMBDA {
      const int x_at = ox + 2 * tile + i;
      if ((L::out_h % 2 != 0 && oy + j >= L::out_h) || (L::out_w % 2 != 0 && x_at >= L::out_w)) return;
      y[(j * L::out_w + x_at) * L::out_c + c] = output(sum, oy + j, x_at);
    });
}

/// Two output rows, the first of them oy, from the four input rows under them.
template <class L, class X, class Y, class Finish>
ONNX2MCU_INLINE void winograd_two_rows(const X* const (&rows)[4], Y* y, int oy, std::uint32_t* scratch, Finish finish) noexcept {
  std::int32_t* const products = reinterpret_cast<std::int32_t*>(scratch + Winograd<L>::inputs);
  for (int ox = 0; ox < L::out_w; ox += 8) {
    winograd_inputs<L>(rows, ox, scratch);
    const std::int32_t* w = L::weights;
    for (int c = 0; c < L::out_c; c += 2) {
      w = winograd_products<L>(scratch, w, products);
      for (int k = 0; k < 2; ++k) finish.channel(products + 4 * k, rows, y, oy, ox, c + k);
    }
  }
}

/// x: [in_h][in_w][in_c], y: [out_h][out_w][out_c], scratch: Winograd<L>::words; no overlap. in_c is a multiple of 4,
/// out_c of 2. weights: by two output channels, by place in the tile, by pair of inputs the two channels' words;
/// bias: four times the accumulators' first values, the zero point folded into them; padded cells hold x_zero_point.
/// finish.channel(products, rows, y, oy, ox, oc) makes a channel's outputs of a strip.
template <class L, class X, class Y, class Finish>
ONNX2MCU_INLINE void winograd_conv2d_with(const X* x, Y* y, std::uint32_t* scratch, Finish finish) noexcept {
  const std::uint32_t zero_point = static_cast<std::uint8_t>(static_cast<X>(L::x_zero_point)) * 0x01010101U;
  for (int i = 0; i < L::in_c / 4; ++i) scratch[Winograd<L>::inputs + Winograd<L>::middle + i] = zero_point;
  for (int oy = 0; oy < L::out_h; oy += 2, y += 2 * L::out_w * L::out_c) {
    const X* rows[4];
    for (int k = 0; k < 4; ++k) {
      const int iy = oy - L::pad_top + k;
      rows[k] = iy < 0 || iy >= L::in_h ? nullptr : x + iy * (L::in_w * L::in_c);
    }
    winograd_two_rows<L>(rows, y, oy, scratch, finish);
  }
}

/// Requantization, in the upper word of a product where the channel has that form (packed_mac.hpp).
template <class L, class Y>
struct WinogradRequantized {
  template <class X>
  ONNX2MCU_INLINE void channel(const std::int32_t* products, const X* const (&)[4], Y* y, int oy, int ox, int c) const noexcept {
    if constexpr (L::upper_shift > 0) {
      const std::int32_t multiplier = L::upper_multiplier[c], addend = L::upper_addend[c];
      if (L::upper_all || multiplier != 0) {
        winograd_channel<L>(products, y, oy, ox, c, [&](std::int32_t sum, int, int) ONNX2MCU_INLINE_LAMBDA {
          return static_cast<Y>(saturate_shifted<L, L::upper_shift>(L::Cpu::smmla(sum * 64, multiplier, addend)));
        });
        return;
      }
    }
    const ChannelRequantizer<L> output(c);
    winograd_channel<L>(products, y, oy, ox, c, [&](std::int32_t sum, int, int) ONNX2MCU_INLINE_LAMBDA { return static_cast<Y>(output(sum >> 2)); });
  }
};

template <class L, class X, class Y>
ONNX2MCU_INLINE void winograd_conv2d(const X* x, Y* y, std::uint32_t* scratch) noexcept {
  winograd_conv2d_with<L>(x, y, scratch, WinogradRequantized<L, Y>{});
}

}  // namespace onnx2mcu

#endif
