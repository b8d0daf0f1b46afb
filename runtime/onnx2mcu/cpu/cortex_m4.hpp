// Cortex-M4: inner loops in the order its pipeline likes. Neighbouring loads cost one cycle each, plus one a group, so
// they stand together; two registers are the pointers, eight the accumulators, four hold operands.
#ifndef ONNX2MCU_CPU_CORTEX_M4_HPP
#define ONNX2MCU_CPU_CORTEX_M4_HPP

#include "depthwise_dsp.hpp"

namespace onnx2mcu::cpu {

// The loops take every register there is: no frame pointer may be kept (-Os keeps one more register busy than -O2).
// Compile with ONNX2MCU_NO_ASM defined where that is not to be had.
#if defined(__ARM_FEATURE_DSP) && defined(__OPTIMIZE__) && !defined(__OPTIMIZE_SIZE__) && !defined(ONNX2MCU_NO_ASM)

// h, g: two words of packed weights; p, q: two inputs of the first and of the second pixel. Offsets count from the
// pointers as the first step leaves them: n steps further.
#define ONNX2MCU_M4_MACS                                                                                   \
  "smlad %[a0], %[h], %[p], %[a0]\n\tsmlad %[b0], %[h], %[q], %[b0]\n\t"                                   \
  "smlad %[a2], %[g], %[p], %[a2]\n\tsmlad %[b2], %[g], %[q], %[b2]\n\t"                                   \
  "sxtb16 %[h], %[h]\n\tsxtb16 %[g], %[g]\n\t"                                                             \
  "smlad %[a1], %[h], %[p], %[a1]\n\tsmlad %[b1], %[h], %[q], %[b1]\n\t"                                   \
  "smlad %[a3], %[g], %[p], %[a3]\n\tsmlad %[b3], %[g], %[q], %[b3]\n\t"
#define ONNX2MCU_M4_FIRST(n)                                                                               \
  "ldr %[q], [%[x], %[second]]\n\tldr %[g], [%[w], #4]\n\t"                                                \
  "ldr %[p], [%[x]], #(4*" n ")\n\tldr %[h], [%[w]], #(8*" n ")\n\t" ONNX2MCU_M4_MACS
#define ONNX2MCU_M4_STEP(i, n)                                                                             \
  "ldr %[q], [%[x], #(%c[second]+4*" i "-4*" n ")]\n\tldr %[g], [%[w], #(8*" i "+4-8*" n ")]\n\t"          \
  "ldr %[p], [%[x], #(4*" i "-4*" n ")]\n\tldr %[h], [%[w], #(8*" i "-8*" n ")]\n\t" ONNX2MCU_M4_MACS
#define ONNX2MCU_M4_BODY_8                                                                                     \
  ONNX2MCU_M4_FIRST("8") ONNX2MCU_M4_STEP("1", "8") ONNX2MCU_M4_STEP("2", "8") ONNX2MCU_M4_STEP("3", "8")      \
  ONNX2MCU_M4_STEP("4", "8") ONNX2MCU_M4_STEP("5", "8") ONNX2MCU_M4_STEP("6", "8") ONNX2MCU_M4_STEP("7", "8")
#define ONNX2MCU_M4_BODY_4 ONNX2MCU_M4_FIRST("4") ONNX2MCU_M4_STEP("1", "4") ONNX2MCU_M4_STEP("2", "4") ONNX2MCU_M4_STEP("3", "4")
#define ONNX2MCU_M4_BODY_2 ONNX2MCU_M4_FIRST("2") ONNX2MCU_M4_STEP("1", "2")
#define ONNX2MCU_M4_BODY_1 ONNX2MCU_M4_FIRST("1")
#define ONNX2MCU_M4_LOOP "vmov %[h], %[end]\n\tcmp %[w], %[h]\n\tbne 0b\n\t"

// One pair of rows with four inputs x0, x1 (bytes 0 and 2, 1 and 3): h, g are its next two words of weights.
#define ONNX2MCU_M4_PAIR(a, b)                                                                             \
  "smlad %[" a "], %[h], %[x0], %[" a "]\n\tsmlad %[" a "], %[g], %[x1], %[" a "]\n\t"                     \
  "sxtb16 %[h], %[h]\n\tsxtb16 %[g], %[g]\n\t"                                                             \
  "smlad %[" b "], %[h], %[x0], %[" b "]\n\tsmlad %[" b "], %[g], %[x1], %[" b "]\n\t"
#define ONNX2MCU_M4_8X1(extend)                                                                            \
  "ldr %[g], [%[w], #4]\n\tldr %[x0], [%[x]], #4\n\tldr %[h], [%[w]], #32\n\t"                             \
  extend " %[x1], %[x0], ror #8\n\t" extend " %[x0], %[x0]\n\t" ONNX2MCU_M4_PAIR("a0", "a1")               \
  "ldr %[h], [%[w], #-24]\n\tldr %[g], [%[w], #-20]\n\t" ONNX2MCU_M4_PAIR("a2", "a3")                      \
  "ldr %[h], [%[w], #-16]\n\tldr %[g], [%[w], #-12]\n\t" ONNX2MCU_M4_PAIR("a4", "a5")                      \
  "ldr %[h], [%[w], #-8]\n\tldr %[g], [%[w], #-4]\n\t" ONNX2MCU_M4_PAIR("a6", "a7")

// Two rows (h, g: two inputs each) with four tiles, whose words follow each other. Offsets as above.
#define ONNX2MCU_M4_2X4(load, i, n)                                                                        \
  load "smlad %[a0], %[h], %[p], %[a0]\n\tsmlad %[b0], %[g], %[p], %[b0]\n\t"                              \
  "smlad %[a1], %[h], %[q], %[a1]\n\tsmlad %[b1], %[g], %[q], %[b1]\n\t"                                   \
  "ldr %[p], [%[x], #(16*" i "+8-16*" n ")]\n\tldr %[q], [%[x], #(16*" i "+12-16*" n ")]\n\t"             \
  "smlad %[a2], %[h], %[p], %[a2]\n\tsmlad %[b2], %[g], %[p], %[b2]\n\t"                                   \
  "smlad %[a3], %[h], %[q], %[a3]\n\tsmlad %[b3], %[g], %[q], %[b3]\n\t"
#define ONNX2MCU_M4_2X4_FIRST(n)                                                                           \
  ONNX2MCU_M4_2X4("ldr %[q], [%[x], #4]\n\tldr %[g], [%[w], #4]\n\t"                                     \
                  "ldr %[p], [%[x]], #(16*" n ")\n\tldr %[h], [%[w]], #(8*" n ")\n\t", "0", n)
#define ONNX2MCU_M4_2X4_STEP(i, n)                                                                         \
  ONNX2MCU_M4_2X4("ldr %[q], [%[x], #(16*" i "+4-16*" n ")]\n\tldr %[g], [%[w], #(8*" i "+4-8*" n ")]\n\t" \
                  "ldr %[p], [%[x], #(16*" i "-16*" n ")]\n\tldr %[h], [%[w], #(8*" i "-8*" n ")]\n\t", i, n)
#define ONNX2MCU_M4_2X4_8                                                                                      \
  ONNX2MCU_M4_2X4_FIRST("8") ONNX2MCU_M4_2X4_STEP("1", "8") ONNX2MCU_M4_2X4_STEP("2", "8") ONNX2MCU_M4_2X4_STEP("3", "8") \
  ONNX2MCU_M4_2X4_STEP("4", "8") ONNX2MCU_M4_2X4_STEP("5", "8") ONNX2MCU_M4_2X4_STEP("6", "8") ONNX2MCU_M4_2X4_STEP("7", "8")
#define ONNX2MCU_M4_2X4_2 ONNX2MCU_M4_2X4_FIRST("2") ONNX2MCU_M4_2X4_STEP("1", "2")
#define ONNX2MCU_M4_2X4_4 ONNX2MCU_M4_2X4_FIRST("4") ONNX2MCU_M4_2X4_STEP("1", "4") ONNX2MCU_M4_2X4_STEP("2", "4") ONNX2MCU_M4_2X4_STEP("3", "4")

#define ONNX2MCU_M4_4_TIMES(text) text text text text

struct CortexM4 : DepthwiseM4 {
  static constexpr bool has_blocks = true;
  template <class T>
  using Parked = InFpu<T>;  // a load takes two cycles

  /// 16 places of Winograd's tiles: `steps` (even) words of two inputs, of 2 rows x 4 tiles each. x: [16][steps][4],
  /// w: [16][steps][2], moved behind; products: [16][row][tile].
  template <int steps, int unroll>
  static ONNX2MCU_INLINE void mac_places(const std::uint32_t* inputs, const std::int32_t*& weights, std::int32_t* products) noexcept {
    constexpr int block = unroll >= 8 && steps % 8 == 0 ? 8 : unroll >= 4 && steps % 4 == 0 ? 4 : 2;
    std::int32_t a[8] = {};
    ONNX2MCU_DSP_4X2_REGISTERS;
    const InFpu<std::int32_t*> first(products);
    if constexpr (steps == block && block == 8) ONNX2MCU_DSP_PLACES(ONNX2MCU_M4_2X4_8, "");
    else if constexpr (steps == block && block == 4) ONNX2MCU_DSP_PLACES(ONNX2MCU_M4_2X4_4, "");
    else if constexpr (block == 8) ONNX2MCU_DSP_PLACES(ONNX2MCU_M4_2X4_8, ONNX2MCU_DSP_PLACES_LOOP);
    else if constexpr (block == 4) ONNX2MCU_DSP_PLACES(ONNX2MCU_M4_2X4_4, ONNX2MCU_DSP_PLACES_LOOP);
    else ONNX2MCU_DSP_PLACES(ONNX2MCU_M4_2X4_2, ONNX2MCU_DSP_PLACES_LOOP);
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
    if constexpr (blocks == 1 && n == 8) asm volatile(ONNX2MCU_M4_BODY_8 : ONNX2MCU_DSP_4X2_OPERANDS : [second] "i"(second) : "memory");
    else if constexpr (blocks == 1 && n == 4) asm volatile(ONNX2MCU_M4_BODY_4 : ONNX2MCU_DSP_4X2_OPERANDS : [second] "i"(second) : "memory");
    else if constexpr (blocks == 1 && n == 2) asm volatile(ONNX2MCU_M4_BODY_2 : ONNX2MCU_DSP_4X2_OPERANDS : [second] "i"(second) : "memory");
    else if constexpr (blocks == 1) asm volatile(ONNX2MCU_M4_BODY_1 : ONNX2MCU_DSP_4X2_OPERANDS : [second] "i"(second) : "memory");
    else if constexpr (n == 8) asm volatile(ONNX2MCU_DSP_END(ONNX2MCU_M4_BODY_8) : ONNX2MCU_DSP_4X2_OPERANDS : [second] "i"(second), [bytes] "i"(bytes) : "memory", "cc", "s15");
    else if constexpr (n == 4) asm volatile(ONNX2MCU_DSP_END(ONNX2MCU_M4_BODY_4) : ONNX2MCU_DSP_4X2_OPERANDS : [second] "i"(second), [bytes] "i"(bytes) : "memory", "cc", "s15");
    else if constexpr (n == 2) asm volatile(ONNX2MCU_DSP_END(ONNX2MCU_M4_BODY_2) : ONNX2MCU_DSP_4X2_OPERANDS : [second] "i"(second), [bytes] "i"(bytes) : "memory", "cc", "s15");
    else asm volatile(ONNX2MCU_DSP_END(ONNX2MCU_M4_BODY_1) : ONNX2MCU_DSP_4X2_OPERANDS : [second] "i"(second), [bytes] "i"(bytes) : "memory", "cc", "s15");
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
      asm volatile("0:\n\t" ONNX2MCU_M4_4_TIMES(ONNX2MCU_M4_8X1("sxtb16")) ONNX2MCU_M4_LOOP : ONNX2MCU_DSP_8X1_OPERANDS : [end] "t"(end.value) : "memory", "cc");
    else if constexpr (n == 4)
      asm volatile("0:\n\t" ONNX2MCU_M4_4_TIMES(ONNX2MCU_M4_8X1("uxtb16")) ONNX2MCU_M4_LOOP : ONNX2MCU_DSP_8X1_OPERANDS : [end] "t"(end.value) : "memory", "cc");
    else if constexpr (x_signed)
      asm volatile("0:\n\t" ONNX2MCU_M4_8X1("sxtb16") ONNX2MCU_M4_LOOP : ONNX2MCU_DSP_8X1_OPERANDS : [end] "t"(end.value) : "memory", "cc");
    else
      asm volatile("0:\n\t" ONNX2MCU_M4_8X1("uxtb16") ONNX2MCU_M4_LOOP : ONNX2MCU_DSP_8X1_OPERANDS : [end] "t"(end.value) : "memory", "cc");
    ONNX2MCU_DSP_4X2_RESULTS;
  }
};

#undef ONNX2MCU_M4_MACS
#undef ONNX2MCU_M4_FIRST
#undef ONNX2MCU_M4_STEP
#undef ONNX2MCU_M4_BODY_8
#undef ONNX2MCU_M4_BODY_4
#undef ONNX2MCU_M4_BODY_2
#undef ONNX2MCU_M4_BODY_1
#undef ONNX2MCU_M4_LOOP
#undef ONNX2MCU_M4_2X4
#undef ONNX2MCU_M4_2X4_FIRST
#undef ONNX2MCU_M4_2X4_STEP
#undef ONNX2MCU_M4_2X4_8
#undef ONNX2MCU_M4_2X4_4
#undef ONNX2MCU_M4_2X4_2
#undef ONNX2MCU_M4_PAIR
#undef ONNX2MCU_M4_8X1
#undef ONNX2MCU_M4_4_TIMES

#else

struct CortexM4 : DepthwiseM4 {
  static constexpr bool has_blocks = false;
};

#endif

}  // namespace onnx2mcu::cpu

#endif
