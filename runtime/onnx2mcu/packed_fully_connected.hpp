// Quantized matrix product with packed weights (packed_mac.hpp): eight rows of weights meet one row of x at a time.
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

/// `rows` outputs from c on. Returns the weights of the next ones.
template <class L, int rows, class X, class Y>
ONNX2MCU_INLINE const std::int32_t* packed_outputs(const X* x, const std::int32_t* w, Y* y, int c) noexcept {
  PackedSums<(rows + 1) / 2, 1> sums;
  sums.start(L::bias + c);
  packed_run_bytes<L, L::in / 4>(sums, x, w);
  if constexpr (L::in % 4 != 0) {
    const std::uint32_t word = tail_word<L::in % 4>(x + L::in / 4 * 4);
    packed_quad<L>(sums, even_bytes<L, X>(word), odd_bytes<L, X>(word), w);
  }
  packed_finish<L, rows>(sums, y + c, L::out, c);
  return w;
}

/// x: [rows][in], y: [rows][out]; they do not overlap. L: packed; weights: blocks of 8 rows (then of 4, 2, 1), in each by
/// four inputs, pair of rows, and inputs (0, 2), (1, 3); bias: by pair, where packed 256 * A + B and B.
template <class L, class X, class Y>
ONNX2MCU_INLINE void packed_fully_connected(const X* x, Y* y) noexcept {
  for (int r = 0; r < L::rows; ++r, x += L::in, y += L::out) {
    const std::int32_t* w = L::weights;
    int c = 0;
    for (; c + 8 <= L::out; c += 8) w = packed_outputs<L, 8>(x, w, y, c);
    if constexpr (L::out % 8 >= 4) w = packed_outputs<L, 4>(x, w, y, c);
    if constexpr (L::out % 4 >= 2) w = packed_outputs<L, 2>(x, w, y, L::out / 4 * 4);
    if constexpr (L::out % 2 != 0) packed_outputs<L, 1>(x, w, y, L::out - 1);
  }
}

}  // namespace onnx2mcu

#endif
