// The primitives of a core in plain C++: what every kernel is written in, and the meaning the others must match.
// The SIMD vocabulary is that of the Armv7E-M DSP extension, bit for bit, so that the kernels built on it run on a PC.
#ifndef ONNX2MCU_CPU_PORTABLE_HPP
#define ONNX2MCU_CPU_PORTABLE_HPP

#include <type_traits>

#include "../core.hpp"
#include "../requantize.hpp"

namespace onnx2mcu::cpu {

/// The word at p, which need not be aligned.
ONNX2MCU_INLINE std::uint32_t load_word(const void* p) noexcept {
  std::uint32_t word = 0;
  __builtin_memcpy(&word, p, sizeof(word));
  return word;
}
ONNX2MCU_INLINE void store_word(void* p, std::uint32_t word) noexcept { __builtin_memcpy(p, &word, sizeof(word)); }

/// x as 0 … 255: int8 values 128 larger than they are.
template <class X>
ONNX2MCU_INLINE std::uint32_t unsigned_byte(X x) noexcept {
  return static_cast<std::uint8_t>(x) ^ (std::is_signed_v<X> ? 0x80U : 0U);
}

/// Modular int32 arithmetic: what the multiply-accumulate instructions do.
ONNX2MCU_INLINE std::int32_t wrap(std::uint32_t bits) noexcept {
  std::int32_t value = 0;
  __builtin_memcpy(&value, &bits, sizeof(value));
  return value;
}
ONNX2MCU_INLINE std::int32_t wrapping_sub(std::int32_t a, std::int32_t b) noexcept {
  return wrap(static_cast<std::uint32_t>(a) - static_cast<std::uint32_t>(b));
}

struct Portable {
  /// A value that is kept away from the registers of the inner loops. get() is part of the loop around, on every pass.
  template <class T>
  struct Parked {
    T value;
    ONNX2MCU_INLINE explicit Parked(T v) noexcept : value(v) {}
    ONNX2MCU_INLINE T get() const noexcept { return value; }
  };

  /// A constant for many uses that is better kept in a register than loaded or put together for each.
  static ONNX2MCU_INLINE std::uint32_t in_register(std::uint32_t constant) noexcept { return constant; }

  /// Single-precision floating point is cheap: requantization that is not provable in integers uses it.
  static constexpr bool has_fpu = true;
  /// The compiler has vector instructions for plain loops: what runs on a PC.
  static constexpr bool vectorizes = true;

  /// acc + sum of x[i] * w[i], i < n. The caller proves that no partial sum leaves int32.
  template <class X, class W>
  static ONNX2MCU_INLINE std::int32_t dot(const X* x, const W* w, int n, std::int32_t acc) noexcept {
    for (int i = 0; i < n; ++i) acc += static_cast<std::int32_t>(x[i]) * static_cast<std::int32_t>(w[i]);
    return acc;
  }

  /// `quads` times four bytes of x meet words of weights, w: [quads][2][pairs], of which bytes 0 and 2 are for the one input, 1 and
  /// 3 for the other: the products and their upper halves are added up. Moves both pointers behind.
  template <int pairs, int quads, class X>
  static ONNX2MCU_INLINE void paired_products(std::uint32_t (&whole)[pairs], std::uint32_t (&upper)[pairs], const X*& x, const std::uint8_t*& w) noexcept {
    for (const X* const end = x + 4 * quads; x != end; x += 2)
      for (int p = 0; p < pairs; ++p, w += 4)
        for (int i = 0; i < 2; ++i) {
          const std::uint32_t product = (load_word(w) >> (8 * i) & 0x00FF00FFU) * unsigned_byte(x[i]);
          whole[p] += product, upper[p] += product >> 16;
        }
  }

  /// steps * rounds words of cells, of pixel p and of q, meet two rows of weights, w: [words][2]: a: [pixel][row] += the upper half
  /// of each product. What else there is of the product is lost.
  template <int steps, int rounds>
  static ONNX2MCU_INLINE void upper_products(std::int32_t (&a)[4], const std::uint8_t* p, const std::uint8_t* q, const std::uint8_t* w) noexcept {
    for (int i = 0; i < steps * rounds; ++i)
      for (int k = 0; k < 4; ++k) a[k] += wrap(load_word((k < 2 ? p : q) + 4 * i) * load_word(w + 8 * i + 4 * (k % 2))) >> 16;
  }

  /// `outputs` neighbouring sums of a 3 x 3 window, from `start` on. Cells lie `lanes` elements apart, their rows `row`; w: by row.
  template <int outputs, int row, int lanes, class X>
  static ONNX2MCU_INLINE void depthwise_3x3(std::int32_t (&a)[outputs], const X* x, const std::int32_t* w, std::int32_t start) noexcept {
    for (int o = 0; o < outputs; ++o) {
      a[o] = start;
      for (int i = 0; i < 9; ++i) a[o] += static_cast<std::int32_t>(x[i / 3 * row + (o + i % 3) * lanes]) * w[i];
    }
  }

  /// Words of bytes 0 … 255 that stand for -128 … 127: each becomes one of bytes 0 and 2 and one of bytes 1 and 3.
  template <int words>
  static ONNX2MCU_INLINE void widen_words(const std::int8_t* from, std::uint8_t* to) noexcept {
    for (int i = 0; i < words; ++i, from += 4, to += 8) {
      const std::uint32_t bytes = load_word(from);
      store_word(to, (bytes & 0x00FF00FFU) - 0x00800080U);
      store_word(to + 4, (bytes >> 8 & 0x00FF00FFU) - 0x00800080U);
    }
  }

  /// Whether the core has pixel_pairs of its own (blocked_conv2d.hpp).
  template <class Loop>
  static constexpr bool has_pixel_pairs = false;

  static ONNX2MCU_INLINE std::int32_t low(std::uint32_t word) noexcept { return static_cast<std::int16_t>(word & 0xFFFFU); }
  static ONNX2MCU_INLINE std::int32_t high(std::uint32_t word) noexcept { return static_cast<std::int16_t>(word >> 16); }
  static ONNX2MCU_INLINE std::uint32_t halves(std::int32_t lower, std::int32_t upper) noexcept {
    return (static_cast<std::uint32_t>(lower) & 0xFFFFU) | static_cast<std::uint32_t>(upper) << 16;
  }
  static ONNX2MCU_INLINE std::int32_t accumulate(std::int32_t product, std::int32_t acc) noexcept {
    return wrap(static_cast<std::uint32_t>(product) + static_cast<std::uint32_t>(acc));
  }

  static ONNX2MCU_INLINE std::int32_t smlad(std::uint32_t a, std::uint32_t b, std::int32_t acc) noexcept {
    return accumulate(low(a) * low(b), accumulate(high(a) * high(b), acc));
  }
  static ONNX2MCU_INLINE std::int32_t smlabb(std::uint32_t a, std::uint32_t b, std::int32_t acc) noexcept {
    return accumulate(low(a) * low(b), acc);
  }
  static ONNX2MCU_INLINE std::int32_t smlabt(std::uint32_t a, std::uint32_t b, std::int32_t acc) noexcept {
    return accumulate(low(a) * high(b), acc);
  }
  static ONNX2MCU_INLINE std::int32_t smlatb(std::uint32_t a, std::uint32_t b, std::int32_t acc) noexcept {
    return accumulate(high(a) * low(b), acc);
  }
  static ONNX2MCU_INLINE std::int32_t smlatt(std::uint32_t a, std::uint32_t b, std::int32_t acc) noexcept {
    return accumulate(high(a) * high(b), acc);
  }
  /// The upper word of a * b.
  static ONNX2MCU_INLINE std::int32_t smmul(std::int32_t a, std::int32_t b) noexcept {
    return static_cast<std::int32_t>((static_cast<std::int64_t>(a) * b) >> 32);
  }
  template <int shift>
  static ONNX2MCU_INLINE std::int32_t ssat8_asr(std::int32_t v) noexcept {
    return clamp(v >> shift, -128, 127);
  }
  template <int shift>
  static ONNX2MCU_INLINE std::int32_t usat8_asr(std::int32_t v) noexcept {
    return clamp(v >> shift, 0, 255);
  }
  /// Bytes 0 and 2, sign-extended to halfwords; the _ror8 forms bytes 1 and 3; uxtb16 zero-extended.
  static ONNX2MCU_INLINE std::uint32_t sxtb16(std::uint32_t a) noexcept {
    return halves(static_cast<std::int8_t>(a & 0xFFU), static_cast<std::int8_t>(a >> 16 & 0xFFU));
  }
  static ONNX2MCU_INLINE std::uint32_t sxtb16_ror8(std::uint32_t a) noexcept {
    return halves(static_cast<std::int8_t>(a >> 8 & 0xFFU), static_cast<std::int8_t>(a >> 24));
  }
  static ONNX2MCU_INLINE std::uint32_t uxtb16(std::uint32_t a) noexcept { return a & 0x00FF00FFU; }
  static ONNX2MCU_INLINE std::uint32_t uxtb16_ror8(std::uint32_t a) noexcept { return a >> 8 & 0x00FF00FFU; }
  /// Halfword by halfword, modulo 2^16.
  static ONNX2MCU_INLINE std::uint32_t sadd16(std::uint32_t a, std::uint32_t b) noexcept {
    return ((a + b) & 0xFFFFU) | ((a & 0xFFFF0000U) + (b & 0xFFFF0000U));
  }
  static ONNX2MCU_INLINE std::uint32_t ssub16(std::uint32_t a, std::uint32_t b) noexcept {
    return ((a - b) & 0xFFFFU) | ((a & 0xFFFF0000U) - (b & 0xFFFF0000U));
  }
  /// (low half of a, low half of b), and (high half of a, high half of b), lower half first.
  static ONNX2MCU_INLINE std::uint32_t pack_low(std::uint32_t a, std::uint32_t b) noexcept { return (a & 0xFFFFU) | b << 16; }
  static ONNX2MCU_INLINE std::uint32_t pack_high(std::uint32_t a, std::uint32_t b) noexcept { return a >> 16 | (b & 0xFFFF0000U); }
  /// The larger of each of the four bytes.
  static ONNX2MCU_INLINE std::uint32_t max_s8(std::uint32_t a, std::uint32_t b) noexcept {
    std::uint32_t larger = 0;
    for (int i = 0; i < 32; i += 8) {
      const auto x = static_cast<std::int8_t>(a >> i & 0xFFU), y = static_cast<std::int8_t>(b >> i & 0xFFU);
      larger |= static_cast<std::uint32_t>(static_cast<std::uint8_t>(x > y ? x : y)) << i;
    }
    return larger;
  }
  static ONNX2MCU_INLINE std::uint32_t max_u8(std::uint32_t a, std::uint32_t b) noexcept {
    return max_s8(a ^ 0x80808080U, b ^ 0x80808080U) ^ 0x80808080U;
  }
  /// The nearest integer, ties to even, for |value| < 2^31.
  static ONNX2MCU_INLINE std::int32_t round_even(float value) noexcept {
    const auto truncated = static_cast<std::int32_t>(value);
    return value > -4194304.0F && value < 4194304.0F ? round_half_even(value) : truncated;
  }
  /// Within [lowest, highest]; NaN becomes lowest.
  static ONNX2MCU_INLINE float limit(float value, float lowest, float highest) noexcept {
    const float raised = value > lowest ? value : lowest;
    return raised < highest ? raised : highest;
  }
  /// The upper word of a * b, plus addend.
  static ONNX2MCU_INLINE std::int32_t smmla(std::int32_t a, std::int32_t b, std::int32_t addend) noexcept {
    return accumulate(static_cast<std::int32_t>((static_cast<std::int64_t>(a) * b) >> 32), addend);
  }
  static ONNX2MCU_INLINE std::int32_t ssat8(std::int32_t v) noexcept { return clamp(v, -128, 127); }
  static ONNX2MCU_INLINE std::int32_t usat8(std::int32_t v) noexcept { return clamp(v, 0, 255); }
  /// *y = v: not to be gathered with its neighbours into a word, which takes longer.
  template <class Y>
  static ONNX2MCU_INLINE void store_byte(Y* y, std::int32_t v) noexcept {
    *y = static_cast<Y>(v);
  }
  /// Four rows of two pixels of packed sums, a[4 * pixel + row] = {256 * A + B, B, …}, become round(sum * scale[row]).
  static ONNX2MCU_INLINE void scale_4x2(std::int32_t (&a)[8], const float* scale) noexcept {
    for (int i = 0; i < 8; ++i) scale_packed(a, i, scale[i % 4]);
  }
  /// Eight rows of one pixel.
  static ONNX2MCU_INLINE void scale_8x1(std::int32_t (&a)[8], const float* scale) noexcept {
    for (int i = 0; i < 8; ++i) scale_packed(a, i, scale[i]);
  }
  static ONNX2MCU_INLINE void scale_packed(std::int32_t (&a)[8], int i, float scale) noexcept {
    if (i % 2 == 0) a[i] = wrapping_sub(a[i], a[i + 1]) >> 8;
    a[i] = round_even(static_cast<float>(a[i]) * scale);
  }
};

}  // namespace onnx2mcu::cpu

#endif
