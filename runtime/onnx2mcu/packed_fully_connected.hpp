// Quantized matrix product with packed weights (packed_mac.hpp): eight rows of weights meet one row of x at a
// time.
#ifndef ONNX2MCU_PACKED_FULLY_CONNECTED_HPP
#define ONNX2MCU_PACKED_FULLY_CONNECTED_HPP

#include "packed_mac.hpp"

namespace onnx2mcu {

/// The last in % 4 inputs as the bytes of a word.
template <int n, class X>
ONNX2MCU_INLINE std::uint32_t tail_word(const X* x) noexcept {
  std::uint32_t word = 0;
  for (int i = 0; i < n; ++i) word |= static_cast<std::uint32_t>(static_cast<std::uint8_t>(x[i])) << (8 * i);
  return word;
}

/// Outputs c + first and the next three.
template <class L, int first, int pairs, class Y, class Finish>
ONNX2MCU_INLINE void packed_four_outputs(const PackedSums<pairs, 1>& sums, Y* y, int r, int c,
                                         Finish finish) noexcept {
  const auto each = [&](auto output) ONNX2MCU_INLINE_LAMBDA {
    unrolled<4>([&](auto k) ONNX2MCU_INLINE_LAMBDA {
      constexpr int row = first + k.value;
      y[c + row] = output(sums.value + (row & ~1), row & 1, c + row);
    });
  };
  if constexpr (FinishesPairs<Finish>::value) {
    if (Finish::takes_pairs(c + first)) {
      each([&](const std::int32_t* acc, int odd, int o) ONNX2MCU_INLINE_LAMBDA {
        const std::int32_t acc_256 = odd != 0 ? acc[1] * 256 : cpu::wrapping_sub(acc[0], acc[1]);
        return Finish::rounded(Finish::scaled(acc_256, Finish::multiplier(o), Finish::addend(o)));
      });
      return;
    }
  }
  each([&](const std::int32_t* acc, int odd, int o)
           ONNX2MCU_INLINE_LAMBDA { return finish(odd != 0 ? acc[1] : first_sum<L>(acc), r, o); });
}

/// `rows` outputs from c on of row r: y = finish(accumulator, r, output). Returns the weights of the next
/// ones.
template <class L, int rows, class X, class Y, class Finish>
ONNX2MCU_INLINE const std::int32_t* packed_outputs(const X* x, const std::int32_t* w, Y* y, int r, int c,
                                                   Finish finish) noexcept {
  PackedSums<(rows + 1) / 2, 1> sums;
  if constexpr (rows == 8 && L::packed && L::Cpu::has_blocks) {
    L::Cpu::template mac_8x1<L::in / 4, L::unroll, (static_cast<X>(-1) < 0)>(sums.value, L::bias + c, x, w);
  } else {
    sums.start(L::bias + c);
    packed_run_bytes<L, L::in / 4>(sums, x, w);
  }
  if constexpr (L::in % 4 != 0) {
    const std::uint32_t word = tail_word<L::in % 4>(x + L::in / 4 * 4);
    packed_quad<L>(sums, even_bytes<L, X>(word), odd_bytes<L, X>(word), w);
  }
  if constexpr (!FinishesPairs<Finish>::value && finishes_together<L, rows, 1, Y, Finish>()) {
    L::Cpu::scale_8x1(sums.value, L::scale + c);
    unrolled<8>([&](auto i) ONNX2MCU_INLINE_LAMBDA {
      L::Cpu::store_byte(y + c + i.value, saturate<L>(sums.value[i.value] + L::y_zero_point));
    });
    return w;
  }
  if constexpr (rows >= 4) packed_four_outputs<L, 0>(sums, y, r, c, finish);
  if constexpr (rows == 8) packed_four_outputs<L, 4>(sums, y, r, c, finish);
  if constexpr (rows < 4)
    packed_finish<L, rows>(sums, y + c, L::out, [&](std::int32_t acc, int, int row) ONNX2MCU_INLINE_LAMBDA {
      return finish(acc, r, c + row);
    });
  return w;
}

/// x: [rows][in], y: [rows][out]; they do not overlap. L: packed; weights: blocks of 8 rows (then of 4, 2,
/// 1), in each by four inputs, pair of rows, and inputs (0, 2), (1, 3); bias: by pair, where packed 256 * A +
/// B and B. y = finish(accumulator, row, output).
template <class L, class X, class Y, class Finish>
ONNX2MCU_INLINE void packed_fully_connected_with(const X* x, Y* y, Finish finish) noexcept {
  for (int r = 0; r < L::rows; ++r, x += L::in, y += L::out) {
    const std::int32_t* w = L::weights;
    int c = 0;
    for (; c + 8 <= L::out; c += 8) w = packed_outputs<L, 8>(x, w, y, r, c, finish);
    if constexpr (L::out % 8 >= 4) w = packed_outputs<L, 4>(x, w, y, r, c, finish);
    if constexpr (L::out % 4 >= 2) w = packed_outputs<L, 2>(x, w, y, r, L::out / 4 * 4, finish);
    if constexpr (L::out % 2 != 0) packed_outputs<L, 1>(x, w, y, r, L::out - 1, finish);
  }
}

template <class L, class X, class Y>
ONNX2MCU_INLINE void packed_fully_connected(const X* x, Y* y) noexcept {
  packed_fully_connected_with<L>(x, y, Requantized<L, Y>{});
}

/// Weight [o][i].
template <class L>
ONNX2MCU_INLINE std::int32_t packed_product_weight(int o, int i) noexcept {
  constexpr int quads = (L::in + 3) / 4;
  int first = o / 8 * 8, rows = 8;  // of the block that holds o
  for (; rows > 2 && first + rows > L::out; rows /= 2)
    if (first + rows / 2 <= L::out && o >= first + rows / 2) first += rows / 2;
  const int pairs = rows / 2, word = first * quads + (i / 4 * pairs + (o - first) / 2) * 2 + i % 2;
  return packed_weight<L>(word, i % 4 / 2, o);
}

}  // namespace onnx2mcu

#endif
