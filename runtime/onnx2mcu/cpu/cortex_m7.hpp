// Cortex-M7: inner loops in the order its two pipelines like. One multiplication a cycle, each beside a load or an
// extension (which must come first of the two); loads stand one step ahead of their use.
#ifndef ONNX2MCU_CPU_CORTEX_M7_HPP
#define ONNX2MCU_CPU_CORTEX_M7_HPP

#include "depthwise_dsp.hpp"

namespace onnx2mcu::cpu {

// As on the M4, the loops take every register: not under -Os, and not with a frame pointer (ONNX2MCU_NO_ASM).
#if defined(__ARM_FEATURE_DSP) && defined(__OPTIMIZE__) && !defined(__OPTIMIZE_SIZE__) && !defined(ONNX2MCU_NO_ASM)

// h, g: two words of packed weights; p, q: two inputs of the first and of the second pixel. A step's p, h and g are
// loaded by the step before.
#define ONNX2MCU_M7_LOAD(i) \
  "ldr %[p], [%[x], #(4*" i ")]\n\tldr %[h], [%[w], #(8*" i ")]\n\tldr %[g], [%[w], #(8*" i "+4)]\n\t"
#define ONNX2MCU_M7_STEP(i, next_p, next_h, next_g)                                           \
  "ldr %[q], [%[x], #(%c[second]+4*" i ")]\n\tsmlad %[a0], %[h], %[p], %[a0]\n\t"             \
  "smlad %[a2], %[g], %[p], %[a2]\n\tsmlad %[b0], %[h], %[q], %[b0]\n\t"                      \
  "sxtb16 %[h], %[h]\n\tsmlad %[b2], %[g], %[q], %[b2]\n\t"                                   \
  "sxtb16 %[g], %[g]\n\tsmlad %[a1], %[h], %[p], %[a1]\n\t"                                   \
  "smlad %[a3], %[g], %[p], %[a3]\n\t" next_p "smlad %[b1], %[h], %[q], %[b1]\n\t" next_h     \
  "smlad %[b3], %[g], %[q], %[b3]\n\t" next_g
#define ONNX2MCU_M7_INNER(i, next)                                                              \
  ONNX2MCU_M7_STEP(i, "ldr %[p], [%[x], #(4*" next ")]\n\t", "ldr %[h], [%[w], #(8*" next ")]\n\t", \
                   "ldr %[g], [%[w], #(8*" next "+4)]\n\t")
#define ONNX2MCU_M7_LAST(i, n) \
  ONNX2MCU_M7_STEP(i, "", "add %[x], %[x], #(4*" n ")\n\t", "add %[w], %[w], #(8*" n ")\n\t")
#define ONNX2MCU_M7_BODY_8                                                                                     \
  ONNX2MCU_M7_LOAD("0") ONNX2MCU_M7_INNER("0", "1") ONNX2MCU_M7_INNER("1", "2") ONNX2MCU_M7_INNER("2", "3")    \
  ONNX2MCU_M7_INNER("3", "4") ONNX2MCU_M7_INNER("4", "5") ONNX2MCU_M7_INNER("5", "6") ONNX2MCU_M7_INNER("6", "7") \
  ONNX2MCU_M7_LAST("7", "8")
#define ONNX2MCU_M7_BODY_4                                                                                     \
  ONNX2MCU_M7_LOAD("0") ONNX2MCU_M7_INNER("0", "1") ONNX2MCU_M7_INNER("1", "2") ONNX2MCU_M7_INNER("2", "3") ONNX2MCU_M7_LAST("3", "4")
#define ONNX2MCU_M7_BODY_2 ONNX2MCU_M7_LOAD("0") ONNX2MCU_M7_INNER("0", "1") ONNX2MCU_M7_LAST("1", "2")
#define ONNX2MCU_M7_BODY_1 ONNX2MCU_M7_LOAD("0") ONNX2MCU_M7_LAST("0", "1")
#define ONNX2MCU_M7_LOOP "vmov %[h], %[end]\n\tcmp %[w], %[h]\n\tbne 0b\n\t"

// One pair of rows with four inputs x0, x1 (bytes 0 and 2, 1 and 3), whose words of weights are in h and g; loads those
// of the next pair.
#define ONNX2MCU_M7_PAIR(a, b, next)                                                                    \
  "smlad %[" a "], %[h], %[x0], %[" a "]\n\tsxtb16 %[h], %[h]\n\tsmlad %[" a "], %[g], %[x1], %[" a "]\n\t" \
  "sxtb16 %[g], %[g]\n\tsmlad %[" b "], %[h], %[x0], %[" b "]\n\t" next "smlad %[" b "], %[g], %[x1], %[" b "]\n\t"
#define ONNX2MCU_M7_8X1(extend)                                                                          \
  "ldr %[x0], [%[x]], #4\n\tldr %[h], [%[w]], #32\n\t" extend " %[x1], %[x0], ror #8\n\tldr %[g], [%[w], #-28]\n\t" \
  extend " %[x0], %[x0]\n\t" ONNX2MCU_M7_PAIR("a0", "a1", "ldr %[h], [%[w], #-24]\n\t")                  \
  "ldr %[g], [%[w], #-20]\n\t" ONNX2MCU_M7_PAIR("a2", "a3", "ldr %[h], [%[w], #-16]\n\t")                \
  "ldr %[g], [%[w], #-12]\n\t" ONNX2MCU_M7_PAIR("a4", "a5", "ldr %[h], [%[w], #-8]\n\t")                 \
  "ldr %[g], [%[w], #-4]\n\t" ONNX2MCU_M7_PAIR("a6", "a7", "")
#define ONNX2MCU_M7_4_TIMES(text) text text text text

// Two rows (h, g: two inputs each) with four tiles, whose words follow each other.
#define ONNX2MCU_M7_2X4_LOAD "ldr %[p], [%[x]]\n\tldr %[h], [%[w]]\n\tldr %[g], [%[w], #4]\n\t"
#define ONNX2MCU_M7_2X4(i, next_p, next_h, next_g)                                                                   \
  "ldr %[q], [%[x], #(16*" i "+4)]\n\tsmlad %[a0], %[h], %[p], %[a0]\n\t"                                           \
  "smlad %[b0], %[g], %[p], %[b0]\n\tldr %[p], [%[x], #(16*" i "+8)]\n\t"                                           \
  "smlad %[a1], %[h], %[q], %[a1]\n\tsmlad %[b1], %[g], %[q], %[b1]\n\tldr %[q], [%[x], #(16*" i "+12)]\n\t"        \
  "smlad %[a2], %[h], %[p], %[a2]\n\tsmlad %[b2], %[g], %[p], %[b2]\n\t" next_p                                      \
  "smlad %[a3], %[h], %[q], %[a3]\n\t" next_h "smlad %[b3], %[g], %[q], %[b3]\n\t" next_g
#define ONNX2MCU_M7_2X4_STEP(i, next)                                                                                \
  ONNX2MCU_M7_2X4(i, "ldr %[p], [%[x], #(16*" next ")]\n\t", "ldr %[h], [%[w], #(8*" next ")]\n\t", "ldr %[g], [%[w], #(8*" next "+4)]\n\t")
#define ONNX2MCU_M7_2X4_LAST(i, n) ONNX2MCU_M7_2X4(i, "", "add %[x], %[x], #(16*" n ")\n\t", "add %[w], %[w], #(8*" n ")\n\t")
#define ONNX2MCU_M7_2X4_8                                                                                           \
  ONNX2MCU_M7_2X4_LOAD ONNX2MCU_M7_2X4_STEP("0", "1") ONNX2MCU_M7_2X4_STEP("1", "2") ONNX2MCU_M7_2X4_STEP("2", "3") \
  ONNX2MCU_M7_2X4_STEP("3", "4") ONNX2MCU_M7_2X4_STEP("4", "5") ONNX2MCU_M7_2X4_STEP("5", "6")                      \
  ONNX2MCU_M7_2X4_STEP("6", "7") ONNX2MCU_M7_2X4_LAST("7", "8")
#define ONNX2MCU_M7_2X4_4                                                                                           \
  ONNX2MCU_M7_2X4_LOAD ONNX2MCU_M7_2X4_STEP("0", "1") ONNX2MCU_M7_2X4_STEP("1", "2") ONNX2MCU_M7_2X4_STEP("2", "3") ONNX2MCU_M7_2X4_LAST("3", "4")
#define ONNX2MCU_M7_2X4_2 ONNX2MCU_M7_2X4_LOAD ONNX2MCU_M7_2X4_STEP("0", "1") ONNX2MCU_M7_2X4_LAST("1", "2")

struct CortexM7 : DepthwiseM7 {
  static constexpr bool has_blocks = true;

  /// 16 places of Winograd's tiles: `steps` (even) words of two inputs, of 2 rows x 4 tiles each. x: [16][steps][4],
  /// w: [16][steps][2], moved behind; products: [16][row][tile].
  template <int steps, int unroll>
  static ONNX2MCU_INLINE void mac_places(const std::uint32_t* inputs, const std::int32_t*& weights, std::int32_t* products) noexcept {
    constexpr int block = unroll >= 8 && steps % 8 == 0 ? 8 : unroll >= 4 && steps % 4 == 0 ? 4 : 2;
    std::int32_t a[8] = {};
    ONNX2MCU_DSP_4X2_REGISTERS;
    const InFpu<std::int32_t*> first(products);
    if constexpr (steps == block && block == 8) ONNX2MCU_DSP_PLACES(ONNX2MCU_M7_2X4_8, "");
    else if constexpr (steps == block && block == 4) ONNX2MCU_DSP_PLACES(ONNX2MCU_M7_2X4_4, "");
    else if constexpr (block == 8) ONNX2MCU_DSP_PLACES(ONNX2MCU_M7_2X4_8, ONNX2MCU_DSP_PLACES_LOOP);
    else if constexpr (block == 4) ONNX2MCU_DSP_PLACES(ONNX2MCU_M7_2X4_4, ONNX2MCU_DSP_PLACES_LOOP);
    else ONNX2MCU_DSP_PLACES(ONNX2MCU_M7_2X4_2, ONNX2MCU_DSP_PLACES_LOOP);
    weights = w;
  }

  /// `steps` steps (two inputs each) of 4 rows x 2 pixels; the second pixel lies `second` bytes behind the first.
  /// unroll: steps in one piece, a power of 2 up to 8; `steps` or more: all of them, without a loop.
  template <int steps, int second, int unroll>
  static ONNX2MCU_INLINE void mac_4x2(std::int32_t (&a)[8], const std::int16_t* x, const std::int32_t*& w) noexcept {
    constexpr int block = unroll < 8 ? unroll : 8, blocks = steps / block;
    if constexpr (blocks > 1 && unroll < steps) mac_4x2_part<block, second, blocks>(a, x, w);
    else repeat_4x2<blocks, block, second>(a, x, w);
    mac_4x2_rest<steps % block, block / 2, second>(a, x, w);
  }

  template <int times, int n, int second>
  static ONNX2MCU_INLINE void repeat_4x2(std::int32_t (&a)[8], const std::int16_t*& x, const std::int32_t*& w) noexcept {
    if constexpr (times > 0) {
      mac_4x2_part<n, second>(a, x, w);
      repeat_4x2<times - 1, n, second>(a, x, w);
    }
  }

  /// The last `rest` steps in parts of n, n / 2, …
  template <int rest, int n, int second>
  static ONNX2MCU_INLINE void mac_4x2_rest(std::int32_t (&a)[8], const std::int16_t*& x, const std::int32_t*& w) noexcept {
    if constexpr (rest > 0) {
      if constexpr ((rest & n) != 0) mac_4x2_part<n, second>(a, x, w);
      mac_4x2_rest<rest & (n - 1), n / 2, second>(a, x, w);
    }
  }

  /// n steps (8, 4, 2 or 1), `blocks` times. At most 4095 bytes of weights go by in one loop.
  template <int n, int second, int blocks = 1>
  static ONNX2MCU_INLINE void mac_4x2_part(std::int32_t (&a)[8], const std::int16_t*& inputs, const std::int32_t*& weights) noexcept {
    constexpr int most = 4095 / (8 * n), bytes = 8 * n * (blocks < most ? blocks : most);
    ONNX2MCU_DSP_4X2_REGISTERS;
    if constexpr (blocks == 1 && n == 8) asm volatile(ONNX2MCU_M7_BODY_8 : ONNX2MCU_DSP_4X2_OPERANDS : [second] "i"(second) : "memory");
    else if constexpr (blocks == 1 && n == 4) asm volatile(ONNX2MCU_M7_BODY_4 : ONNX2MCU_DSP_4X2_OPERANDS : [second] "i"(second) : "memory");
    else if constexpr (blocks == 1 && n == 2) asm volatile(ONNX2MCU_M7_BODY_2 : ONNX2MCU_DSP_4X2_OPERANDS : [second] "i"(second) : "memory");
    else if constexpr (blocks == 1) asm volatile(ONNX2MCU_M7_BODY_1 : ONNX2MCU_DSP_4X2_OPERANDS : [second] "i"(second) : "memory");
    else if constexpr (n == 8) asm volatile(ONNX2MCU_DSP_END(ONNX2MCU_M7_BODY_8) : ONNX2MCU_DSP_4X2_OPERANDS : [second] "i"(second), [bytes] "i"(bytes) : "memory", "cc", "s15");
    else if constexpr (n == 4) asm volatile(ONNX2MCU_DSP_END(ONNX2MCU_M7_BODY_4) : ONNX2MCU_DSP_4X2_OPERANDS : [second] "i"(second), [bytes] "i"(bytes) : "memory", "cc", "s15");
    else if constexpr (n == 2) asm volatile(ONNX2MCU_DSP_END(ONNX2MCU_M7_BODY_2) : ONNX2MCU_DSP_4X2_OPERANDS : [second] "i"(second), [bytes] "i"(bytes) : "memory", "cc", "s15");
    else asm volatile(ONNX2MCU_DSP_END(ONNX2MCU_M7_BODY_1) : ONNX2MCU_DSP_4X2_OPERANDS : [second] "i"(second), [bytes] "i"(bytes) : "memory", "cc", "s15");
    ONNX2MCU_DSP_4X2_RESULTS;
    if constexpr (blocks > most) mac_4x2_part<n, second, blocks - most>(a, inputs, weights);
  }

  /// `quads` times four bytes of x with 8 rows; x_signed says which bytes they are. unroll: quads in one piece, 4 or 1.
  template <int quads, int unroll, bool x_signed, class X>
  static ONNX2MCU_INLINE void mac_8x1(std::int32_t (&a)[8], const X* x, const std::int32_t*& w) noexcept {
    constexpr int blocks = unroll >= 4 ? quads / 4 : 0;
    if constexpr (blocks > 0) mac_8x1_part<4, x_signed>(a, x, w, w + blocks * 32);
    if constexpr (quads > 4 * blocks) mac_8x1_part<1, x_signed>(a, x, w, w + (quads - 4 * blocks) * 8);
  }

  /// Blocks of n until the weights reach `last`.
  template <int n, bool x_signed, class X>
  static ONNX2MCU_INLINE void mac_8x1_part(std::int32_t (&a)[8], const X*& inputs, const std::int32_t*& weights, const std::int32_t* last) noexcept {
    const InFpu<const std::int32_t*> end(last);
    ONNX2MCU_DSP_4X2_REGISTERS;
    if constexpr (n == 4 && x_signed)
      asm volatile("0:\n\t" ONNX2MCU_M7_4_TIMES(ONNX2MCU_M7_8X1("sxtb16")) ONNX2MCU_M7_LOOP : ONNX2MCU_DSP_8X1_OPERANDS : [end] "t"(end.value) : "memory", "cc");
    else if constexpr (n == 4)
      asm volatile("0:\n\t" ONNX2MCU_M7_4_TIMES(ONNX2MCU_M7_8X1("uxtb16")) ONNX2MCU_M7_LOOP : ONNX2MCU_DSP_8X1_OPERANDS : [end] "t"(end.value) : "memory", "cc");
    else if constexpr (x_signed)
      asm volatile("0:\n\t" ONNX2MCU_M7_8X1("sxtb16") ONNX2MCU_M7_LOOP : ONNX2MCU_DSP_8X1_OPERANDS : [end] "t"(end.value) : "memory", "cc");
    else
      asm volatile("0:\n\t" ONNX2MCU_M7_8X1("uxtb16") ONNX2MCU_M7_LOOP : ONNX2MCU_DSP_8X1_OPERANDS : [end] "t"(end.value) : "memory", "cc");
    ONNX2MCU_DSP_4X2_RESULTS;
  }
};

#undef ONNX2MCU_M7_LOAD
#undef ONNX2MCU_M7_STEP
#undef ONNX2MCU_M7_INNER
#undef ONNX2MCU_M7_LAST
#undef ONNX2MCU_M7_BODY_8
#undef ONNX2MCU_M7_BODY_4
#undef ONNX2MCU_M7_BODY_2
#undef ONNX2MCU_M7_BODY_1
#undef ONNX2MCU_M7_LOOP
#undef ONNX2MCU_M7_2X4
#undef ONNX2MCU_M7_2X4_LOAD
#undef ONNX2MCU_M7_2X4_STEP
#undef ONNX2MCU_M7_2X4_LAST
#undef ONNX2MCU_M7_2X4_8
#undef ONNX2MCU_M7_2X4_4
#undef ONNX2MCU_M7_2X4_2
#undef ONNX2MCU_M7_PAIR
#undef ONNX2MCU_M7_8X1
#undef ONNX2MCU_M7_4_TIMES

#else

struct CortexM7 : DepthwiseM7 {
  static constexpr bool has_blocks = false;
};

#endif

}  // namespace onnx2mcu::cpu

#endif
