// Quantized matrix product on cores without SIMD: two rows of weights share each multiplication. Weights and
// inputs are taken as 0 … 255, weights and int8 inputs 128 larger than they are; under a mask a word of four
// weights is 65536 a + b, a of one row and b of the next, and x times that holds both products apart. The sum
// of the upper halves is the first row's sum; what the whole products add up to, less that in its place, is
// the second's. All modulo 2^32, so there is nothing to prove.
#ifndef ONNX2MCU_BLOCKED_FULLY_CONNECTED_HPP
#define ONNX2MCU_BLOCKED_FULLY_CONNECTED_HPP

#include <type_traits>

#include "cpu/portable.hpp"
#include "requantize_sum.hpp"
#include "unrolled.hpp"

namespace onnx2mcu {

/// 128 times the sum of the inputs as the kernel takes them: what 128 more in each weight adds to an output.
template <class L, class X>
ONNX2MCU_INLINE std::uint32_t excess_of_inputs(const X* x) noexcept {
  constexpr std::uint32_t mask = 0x00FF00FFU, flip = std::is_signed_v<X> ? 0x80808080U : 0U;
  constexpr int words = L::in / 4, most = 256;  // words whose bytes a half can add up
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(x);
  std::uint32_t sum = 0;
  for (int first = 0; first < words; first += most) {
    std::uint32_t halves = 0, others = 0;
    for (int i = first; i < words && i < first + most; ++i, bytes += 4) {
      const std::uint32_t word = cpu::load_word(bytes) ^ flip;
      halves += word & mask, others += (word >> 8) & mask;
    }
    sum += (halves & 0xFFFFU) + (halves >> 16) + (others & 0xFFFFU) + (others >> 16);
  }
  for (int i = 0; i < L::in % 4; ++i) sum += bytes[i] ^ (flip & 0xFFU);
  return 128 * sum;
}

/// Output c from its sum without what it begins from.
template <class L, class Y>
ONNX2MCU_INLINE void store_product(std::uint32_t products, Y* y, int c) noexcept {
  const auto sum = static_cast<std::int32_t>(products);
  if constexpr (L::scale_bits == 0) {
    y[c] = static_cast<Y>(requantize_channel<L>(sum + L::bias[c], c));
  } else {
    const std::int32_t scaled = sum * (1 << L::scale_bits) + L::start[c];
    const std::int32_t multiplier = L::multiplier[c];
    if constexpr (L::has_careful) {
      if (multiplier <= 0) {
        y[c] = static_cast<Y>(requantize_careful_sum<L>(scaled, c));
        return;
      }
    }
    y[c] = static_cast<Y>(requantize_sum<L>(scaled, multiplier));
  }
}

/// `rows` outputs from c on. Returns the weights of the next ones.
template <class L, int rows, class X, class Y>
ONNX2MCU_INLINE const std::uint8_t* blocked_outputs(const X* x, const std::uint8_t* w, std::uint32_t excess,
                                                    Y* y, int c) noexcept {
  constexpr int pairs = (rows + 1) / 2;
  constexpr std::uint32_t mask = 0x00FF00FFU;
  std::uint32_t whole[pairs], upper[pairs];
  unrolled<pairs>([&](auto p) ONNX2MCU_INLINE_LAMBDA { whole[p.value] = upper[p.value] = 0; });
  if constexpr (L::in >= 4) L::Cpu::template paired_products<pairs, L::in / 4>(whole, upper, x, w);
  unrolled<L::in % 4>([&](auto i) ONNX2MCU_INLINE_LAMBDA {
    const std::uint32_t input = cpu::unsigned_byte(x[i.value]);
    unrolled<pairs>([&](auto p) ONNX2MCU_INLINE_LAMBDA {
      const std::uint32_t product =
          (cpu::load_word(w + 4 * (i.value / 2 * pairs + p.value)) >> (8 * (i.value % 2)) & mask) * input;
      whole[p.value] += product, upper[p.value] += product >> 16;
    });
  });
  unrolled<rows>([&](auto r) ONNX2MCU_INLINE_LAMBDA {
    constexpr int p = r.value / 2;
    store_product<L>((r.value % 2 == 0 ? upper[p] : whole[p] - (upper[p] << 16)) - excess, y, c + r.value);
  });
  return w + (L::in % 4 + 1) / 2 * 4 * pairs;
}

/// x: [rows][in], y: [rows][out]; they do not overlap. weights: blocks of `block` rows, the last one of
/// fewer, in each by two inputs a word for two rows: bytes 2 and 3 of the first, 0 and 1 of the second; a row
/// that is not there is of zeros.
template <class L, class X, class Y>
ONNX2MCU_INLINE void blocked_fully_connected(const X* x, Y* y) noexcept {
  for (int r = 0; r < L::rows; ++r, x += L::in, y += L::out) {
    const std::uint32_t excess = excess_of_inputs<L>(x);
    const auto* w = reinterpret_cast<const std::uint8_t*>(L::weights);
    int c = 0;
    for (; c + L::block <= L::out; c += L::block) w = blocked_outputs<L, L::block>(x, w, excess, y, c);
    if constexpr (L::out % L::block != 0) blocked_outputs<L, L::out % L::block>(x, w, excess, y, c);
  }
}

}  // namespace onnx2mcu

#endif
