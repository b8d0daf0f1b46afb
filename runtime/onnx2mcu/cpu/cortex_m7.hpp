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
#define ONNX2MCU_CORE_BODY_8                                                                                     \
  ONNX2MCU_M7_LOAD("0") ONNX2MCU_M7_INNER("0", "1") ONNX2MCU_M7_INNER("1", "2") ONNX2MCU_M7_INNER("2", "3")    \
  ONNX2MCU_M7_INNER("3", "4") ONNX2MCU_M7_INNER("4", "5") ONNX2MCU_M7_INNER("5", "6") ONNX2MCU_M7_INNER("6", "7") \
  ONNX2MCU_M7_LAST("7", "8")
#define ONNX2MCU_CORE_BODY_4                                                                                     \
  ONNX2MCU_M7_LOAD("0") ONNX2MCU_M7_INNER("0", "1") ONNX2MCU_M7_INNER("1", "2") ONNX2MCU_M7_INNER("2", "3") ONNX2MCU_M7_LAST("3", "4")
#define ONNX2MCU_CORE_BODY_2 ONNX2MCU_M7_LOAD("0") ONNX2MCU_M7_INNER("0", "1") ONNX2MCU_M7_LAST("1", "2")
#define ONNX2MCU_CORE_BODY_1 ONNX2MCU_M7_LOAD("0") ONNX2MCU_M7_LAST("0", "1")

// One pair of rows with four inputs x0, x1 (bytes 0 and 2, 1 and 3), whose words of weights are in h and g; loads those
// of the next pair.
#define ONNX2MCU_M7_PAIR(a, b, next)                                                                    \
  "smlad %[" a "], %[h], %[x0], %[" a "]\n\tsxtb16 %[h], %[h]\n\tsmlad %[" a "], %[g], %[x1], %[" a "]\n\t" \
  "sxtb16 %[g], %[g]\n\tsmlad %[" b "], %[h], %[x0], %[" b "]\n\t" next "smlad %[" b "], %[g], %[x1], %[" b "]\n\t"
#define ONNX2MCU_CORE_8X1(extend)                                                                          \
  "ldr %[x0], [%[x]], #4\n\tldr %[h], [%[w]], #32\n\t" extend " %[x1], %[x0], ror #8\n\tldr %[g], [%[w], #-28]\n\t" \
  extend " %[x0], %[x0]\n\t" ONNX2MCU_M7_PAIR("a0", "a1", "ldr %[h], [%[w], #-24]\n\t")                  \
  "ldr %[g], [%[w], #-20]\n\t" ONNX2MCU_M7_PAIR("a2", "a3", "ldr %[h], [%[w], #-16]\n\t")                \
  "ldr %[g], [%[w], #-12]\n\t" ONNX2MCU_M7_PAIR("a4", "a5", "ldr %[h], [%[w], #-8]\n\t")                 \
  "ldr %[g], [%[w], #-4]\n\t" ONNX2MCU_M7_PAIR("a6", "a7", "")
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
#define ONNX2MCU_CORE_2X4_8                                                                                           \
  ONNX2MCU_M7_2X4_LOAD ONNX2MCU_M7_2X4_STEP("0", "1") ONNX2MCU_M7_2X4_STEP("1", "2") ONNX2MCU_M7_2X4_STEP("2", "3") \
  ONNX2MCU_M7_2X4_STEP("3", "4") ONNX2MCU_M7_2X4_STEP("4", "5") ONNX2MCU_M7_2X4_STEP("5", "6")                      \
  ONNX2MCU_M7_2X4_STEP("6", "7") ONNX2MCU_M7_2X4_LAST("7", "8")
#define ONNX2MCU_CORE_2X4_4                                                                                           \
  ONNX2MCU_M7_2X4_LOAD ONNX2MCU_M7_2X4_STEP("0", "1") ONNX2MCU_M7_2X4_STEP("1", "2") ONNX2MCU_M7_2X4_STEP("2", "3") ONNX2MCU_M7_2X4_LAST("3", "4")
#define ONNX2MCU_CORE_2X4_2 ONNX2MCU_M7_2X4_LOAD ONNX2MCU_M7_2X4_STEP("0", "1") ONNX2MCU_M7_2X4_LAST("1", "2")

#define ONNX2MCU_CORE_BLOCKS RegisterBlocksM7
#define ONNX2MCU_CORE_BASE DepthwiseM7
#include "register_blocks.hpp"

#undef ONNX2MCU_M7_LOAD
#undef ONNX2MCU_M7_STEP
#undef ONNX2MCU_M7_INNER
#undef ONNX2MCU_M7_LAST
#undef ONNX2MCU_M7_2X4
#undef ONNX2MCU_M7_2X4_LOAD
#undef ONNX2MCU_M7_2X4_STEP
#undef ONNX2MCU_M7_2X4_LAST
#undef ONNX2MCU_M7_PAIR

using CortexM7 = RegisterBlocksM7;

#else

struct CortexM7 : DepthwiseM7 {
  static constexpr bool has_blocks = false;
};

#endif

}  // namespace onnx2mcu::cpu

#endif
