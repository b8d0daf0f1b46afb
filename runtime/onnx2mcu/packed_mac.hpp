// Multiply-accumulate over blocks of rows and pixels with packed weights, for cores with the DSP extension.
// The rows of a layer go in pairs (A, B). A halfword of packed weights is 256 * wA + wB: SMLAD with it
// gathers 256 * SA + SB, SMLAD with its lower bytes SB, and SA = (first - second) >> 8. All of it modulo
// 2^32, so only the final SA must lie within [-2^23, 2^23), which the compiler proves. Wide weights are plain
// halfwords of A and of B.
#ifndef ONNX2MCU_PACKED_MAC_HPP
#define ONNX2MCU_PACKED_MAC_HPP

#include <type_traits>

#include "requantize_channel.hpp"
#include "unrolled.hpp"

namespace onnx2mcu {

/// Accumulators of `pairs` pairs of rows and `pixels` pixels: value[pixel * 2 * pairs + row].
template <int pairs, int pixels>
struct PackedSums {
  std::int32_t value[2 * pairs * pixels];

  ONNX2MCU_INLINE void start(const std::int32_t* bias) noexcept {
    unrolled<2 * pairs * pixels>(
        [&](auto i) ONNX2MCU_INLINE_LAMBDA { value[i.value] = bias[i.value % (2 * pairs)]; });
  }
};

/// One step: the word x (two inputs of pixel p) with one pair of rows.
template <class L, int pairs, int pixels>
ONNX2MCU_INLINE void packed_step(PackedSums<pairs, pixels>& sums, const std::uint32_t (&x)[pixels],
                                 const std::int32_t*& w) noexcept {
  unrolled<pairs>([&](auto pair) ONNX2MCU_INLINE_LAMBDA {
    const std::uint32_t first = cpu::load_word(w++);
    const std::uint32_t second = L::packed ? L::Cpu::sxtb16(first) : cpu::load_word(w++);
    unrolled<pixels>([&](auto p) ONNX2MCU_INLINE_LAMBDA {
      constexpr int row = 2 * (p.value * pairs + pair.value);
      sums.value[row] = L::Cpu::smlad(first, x[p.value], sums.value[row]);
      sums.value[row + 1] = L::Cpu::smlad(second, x[p.value], sums.value[row + 1]);
    });
  });
}

/// `steps` words of halfwords x; pixels are `distance` elements apart.
template <class L, int steps, int distance, int pairs, int pixels>
ONNX2MCU_INLINE void packed_run(PackedSums<pairs, pixels>& sums, const std::int16_t* x,
                                const std::int32_t*& w) noexcept {
  if constexpr (L::packed && L::Cpu::has_blocks && pairs == 2 && pixels == 2 && 2 * distance + 32 < 4096) {
    L::Cpu::template mac_4x2<steps, 2 * distance, L::unroll>(sums.value, x, w);
  } else {
    for (int i = 0; i < steps; ++i, x += 2) {
      std::uint32_t words[pixels];
      unrolled<pixels>(
          [&](auto p) ONNX2MCU_INLINE_LAMBDA { words[p.value] = cpu::load_word(x + p.value * distance); });
      packed_step<L>(sums, words, w);
    }
  }
}

/// Bytes 0 and 2 of a word of x, and bytes 1 and 3, extended to halfwords.
template <class L, class X>
ONNX2MCU_INLINE std::uint32_t even_bytes(std::uint32_t x) noexcept {
  return static_cast<X>(-1) < 0 ? L::Cpu::sxtb16(x) : L::Cpu::uxtb16(x);
}
template <class L, class X>
ONNX2MCU_INLINE std::uint32_t odd_bytes(std::uint32_t x) noexcept {
  return static_cast<X>(-1) < 0 ? L::Cpu::sxtb16_ror8(x) : L::Cpu::uxtb16_ror8(x);
}

/// Four inputs of one pixel: the pair's words for the even and for the odd bytes follow each other.
template <class L, int pairs>
ONNX2MCU_INLINE void packed_quad(PackedSums<pairs, 1>& sums, std::uint32_t even, std::uint32_t odd,
                                 const std::int32_t*& w) noexcept {
  constexpr int width = L::packed ? 1 : 2;  // words of a pair and step
  unrolled<pairs>([&](auto pair) ONNX2MCU_INLINE_LAMBDA {
    const std::uint32_t e = cpu::load_word(w), o = cpu::load_word(w + width);
    std::int32_t* const acc = sums.value + 2 * pair.value;
    acc[0] = L::Cpu::smlad(o, odd, L::Cpu::smlad(e, even, acc[0]));
    const std::uint32_t e2 = L::packed ? L::Cpu::sxtb16(e) : cpu::load_word(w + (width - 1));
    const std::uint32_t o2 = L::packed ? L::Cpu::sxtb16(o) : cpu::load_word(w + (2 * width - 1));
    acc[1] = L::Cpu::smlad(o2, odd, L::Cpu::smlad(e2, even, acc[1]));
    w += 2 * width;
  });
}

/// `quads` words of bytes x, one pixel. The weights of four inputs are ordered 0, 2, 1, 3.
template <class L, int quads, int pairs, class X>
ONNX2MCU_INLINE void packed_run_bytes(PackedSums<pairs, 1>& sums, const X* x,
                                      const std::int32_t*& w) noexcept {
  const auto steps = [&](auto n) ONNX2MCU_INLINE_LAMBDA {
    unrolled<n.value>([&](auto) ONNX2MCU_INLINE_LAMBDA {
      const std::uint32_t word = cpu::load_word(x);
      packed_quad<L>(sums, even_bytes<L, X>(word), odd_bytes<L, X>(word), w);
      x += 4;
    });
  };
  constexpr int together = pairs == 1 && L::unroll >= 4 ? 4 : 1;
  for (int i = 0; i < quads / together; ++i) steps(std::integral_constant<int, together>{});
  steps(std::integral_constant<int, quads % together>{});
}

/// The exact accumulators of a pair.
template <class L>
ONNX2MCU_INLINE std::int32_t first_sum(const std::int32_t* acc) noexcept {
  if constexpr (L::packed)
    return cpu::wrapping_sub(acc[0], acc[1]) >> 8;
  else
    return acc[0];
}

/// y[pixel * distance + row] = finish(accumulator, pixel, row) for `rows` rows of each pixel.
template <class L, int rows, int pairs, int pixels, class Y, class Finish>
ONNX2MCU_INLINE void packed_finish(const PackedSums<pairs, pixels>& sums, Y* y, int distance,
                                   Finish finish) noexcept {
  unrolled<rows * pixels>([&](auto i) ONNX2MCU_INLINE_LAMBDA {
    constexpr int row = i.value / pixels, p = i.value % pixels;
    const std::int32_t* const acc = sums.value + p * 2 * pairs + (row & ~1);
    y[p * distance + row] = finish((row & 1) != 0 ? acc[1] : first_sum<L>(acc), p, row);
  });
}

/// finish of a layer with a form of requantization. It also makes an output from 256 times the accumulator
/// and two numbers of its channel, where the compiler proved a form in the upper word of their product. L:
/// upper_shift, upper_multiplier[], upper_addend[]; upper_fours[]: whether four channels have such a form,
/// upper_all: whether all.
template <class L, class Y>
struct Requantized {
  static constexpr bool may_take_pairs() noexcept { return L::packed && L::upper_shift > 0; }
  static ONNX2MCU_INLINE bool takes_pairs(int c) noexcept {
    if constexpr (L::upper_all)
      return true;
    else
      return L::upper_fours[c / 4] != 0;
  }
  static ONNX2MCU_INLINE std::int32_t multiplier(int c) noexcept { return L::upper_multiplier[c]; }
  static ONNX2MCU_INLINE std::int32_t addend(int c) noexcept { return L::upper_addend[c]; }
  static constexpr bool has_doubt = false;
  static constexpr std::uint32_t doubt(int) noexcept { return 0; }
  static constexpr bool is_doubtful(std::int32_t, std::uint32_t) noexcept { return false; }
  static ONNX2MCU_INLINE std::int32_t scaled(std::int32_t acc_256, std::int32_t multiplier,
                                             std::int32_t addend) noexcept {
    return L::Cpu::smmla(acc_256, multiplier, addend);
  }
  static ONNX2MCU_INLINE Y rounded(std::int32_t scaled) noexcept {
    return static_cast<Y>(saturate_shifted<L, L::upper_shift>(scaled));
  }
  ONNX2MCU_INLINE Y operator()(std::int32_t acc, int, int c) const noexcept {
    return static_cast<Y>(requantize_channel<L>(acc, c));
  }
};

/// Whether such a finish is there.
template <class Finish, class = void>
struct FinishesPairs {
  static constexpr bool value = false;
};
template <class Finish>
struct FinishesPairs<Finish, std::void_t<decltype(Finish::may_take_pairs())>> {
  static constexpr bool value = Finish::may_take_pairs();
};

/// Whether four rows and two pixels, or eight rows and one, are requantized together in float.
template <class L, int rows, int pixels, class Y, class Finish>
constexpr bool finishes_together() noexcept {
  if constexpr (std::is_same_v<Finish, Requantized<L, Y>> && L::packed && rows * pixels == 8)
    if constexpr (L::form == Requantize::exact_in_range) return array_size(L::scale) > 1;
  return false;
}

/// Row `row` of a word of packed weights, half 0 or 1: its pair's first row is the upper byte.
template <class L>
ONNX2MCU_INLINE std::int32_t packed_weight(int word, int half, int row) noexcept {
  const auto bits =
      static_cast<std::uint32_t>(L::weights[L::packed ? word : 2 * word + (row & 1)]) >> (16 * half);
  const std::int32_t whole = static_cast<std::int16_t>(bits & 0xFFFFU),
                     low = static_cast<std::int8_t>(bits & 0xFFU);
  return !L::packed ? whole : (row & 1) != 0 ? low : (whole - low) >> 8;
}

}  // namespace onnx2mcu

#endif
