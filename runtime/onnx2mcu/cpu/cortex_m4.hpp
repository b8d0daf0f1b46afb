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
#define ONNX2MCU_CORE_BODY_8                                                                                     \
  ONNX2MCU_M4_FIRST("8") ONNX2MCU_M4_STEP("1", "8") ONNX2MCU_M4_STEP("2", "8") ONNX2MCU_M4_STEP("3", "8")      \
  ONNX2MCU_M4_STEP("4", "8") ONNX2MCU_M4_STEP("5", "8") ONNX2MCU_M4_STEP("6", "8") ONNX2MCU_M4_STEP("7", "8")
#define ONNX2MCU_CORE_BODY_4 ONNX2MCU_M4_FIRST("4") ONNX2MCU_M4_STEP("1", "4") ONNX2MCU_M4_STEP("2", "4") ONNX2MCU_M4_STEP("3", "4")
#define ONNX2MCU_CORE_BODY_2 ONNX2MCU_M4_FIRST("2") ONNX2MCU_M4_STEP("1", "2")
#define ONNX2MCU_CORE_BODY_1 ONNX2MCU_M4_FIRST("1")

// One pair of rows with four inputs x0, x1 (bytes 0 and 2, 1 and 3): h, g are its next two words of weights.
#define ONNX2MCU_M4_PAIR(a, b)                                                                             \
  "smlad %[" a "], %[h], %[x0], %[" a "]\n\tsmlad %[" a "], %[g], %[x1], %[" a "]\n\t"                     \
  "sxtb16 %[h], %[h]\n\tsxtb16 %[g], %[g]\n\t"                                                             \
  "smlad %[" b "], %[h], %[x0], %[" b "]\n\tsmlad %[" b "], %[g], %[x1], %[" b "]\n\t"
#define ONNX2MCU_M4_QUAD(extend)                                                                            \
  "ldr %[g], [%[w], #4]\n\tldr %[x0], [%[x]], #4\n\tldr %[h], [%[w]], #32\n\t"                             \
  extend " %[x1], %[x0], ror #8\n\t" extend " %[x0], %[x0]\n\t" ONNX2MCU_M4_PAIR("a0", "a1")               \
  "ldr %[h], [%[w], #-24]\n\tldr %[g], [%[w], #-20]\n\t" ONNX2MCU_M4_PAIR("a2", "a3")                      \
  "ldr %[h], [%[w], #-16]\n\tldr %[g], [%[w], #-12]\n\t" ONNX2MCU_M4_PAIR("a4", "a5")                      \
  "ldr %[h], [%[w], #-8]\n\tldr %[g], [%[w], #-4]\n\t" ONNX2MCU_M4_PAIR("a6", "a7")
#define ONNX2MCU_M4_BACK "vmov %[h], %[count]\n\tcmp %[w], %[h]\n\tbne 0b"
// The first instruction of a loop lies in one word: to jump there is a cycle faster.
#define ONNX2MCU_CORE_8X1_LOOP_4(extend)                                                                     \
  ".p2align 2\n\t0:\n\t" ONNX2MCU_M4_QUAD(extend) ONNX2MCU_M4_QUAD(extend) ONNX2MCU_M4_QUAD(extend) ONNX2MCU_M4_QUAD(extend) ONNX2MCU_M4_BACK
#define ONNX2MCU_CORE_8X1_LOOP_1(extend) ".p2align 2\n\t0:\n\t" ONNX2MCU_M4_QUAD(extend) ONNX2MCU_M4_BACK
// Where the weights end; it waits in the FPU.
#define ONNX2MCU_CORE_8X1_COUNT(blocks, n) float count = InFpu<const std::int32_t*>(weights + (blocks) * (n) * 8).value
#define ONNX2MCU_CORE_8X1_READS
#define ONNX2MCU_CORE_8X1_CLOBBERS "memory", "cc"

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
#define ONNX2MCU_CORE_2X4_8                                                                                      \
  ONNX2MCU_M4_2X4_FIRST("8") ONNX2MCU_M4_2X4_STEP("1", "8") ONNX2MCU_M4_2X4_STEP("2", "8") ONNX2MCU_M4_2X4_STEP("3", "8") \
  ONNX2MCU_M4_2X4_STEP("4", "8") ONNX2MCU_M4_2X4_STEP("5", "8") ONNX2MCU_M4_2X4_STEP("6", "8") ONNX2MCU_M4_2X4_STEP("7", "8")
#define ONNX2MCU_CORE_2X4_2 ONNX2MCU_M4_2X4_FIRST("2") ONNX2MCU_M4_2X4_STEP("1", "2")
#define ONNX2MCU_CORE_2X4_4 ONNX2MCU_M4_2X4_FIRST("4") ONNX2MCU_M4_2X4_STEP("1", "4") ONNX2MCU_M4_2X4_STEP("2", "4") ONNX2MCU_M4_2X4_STEP("3", "4")

// Pairs of pixels (ONNX2MCU_DSP_PAIRS): the first step of a pair whose sums of the second pixel begin from the first's, and
// n steps, n an operand.
#define ONNX2MCU_M4_PAIR_START                                                                             \
  "vmov %[a0], s16\n\tvmov %[a1], s17\n\tvmov %[a2], s18\n\tvmov %[a3], s19\n\t"                           \
  "ldr %[q], [%[x], %[second]]\n\tldr %[g], [%[w], #4]\n\tldr %[p], [%[x]]\n\tldr %[h], [%[w]]\n\t"        \
  "smlad %[b0], %[h], %[q], %[a0]\n\tsmlad %[a0], %[h], %[p], %[a0]\n\t"                                   \
  "smlad %[b2], %[g], %[q], %[a2]\n\tsmlad %[a2], %[g], %[p], %[a2]\n\t"                                   \
  "sxtb16 %[h], %[h]\n\tsxtb16 %[g], %[g]\n\t"                                                             \
  "smlad %[b1], %[h], %[q], %[a1]\n\tsmlad %[a1], %[h], %[p], %[a1]\n\t"                                   \
  "smlad %[b3], %[g], %[q], %[a3]\n\tsmlad %[a3], %[g], %[p], %[a3]\n\t"
#define ONNX2MCU_M4_IF(i, n, back) ".if " n " > " i "\n\t" ONNX2MCU_M4_STEP(i, back) ".endif\n\t"
#define ONNX2MCU_M4_TO_7(n, back)                                                                          \
  ONNX2MCU_M4_IF("1", n, back) ONNX2MCU_M4_IF("2", n, back) ONNX2MCU_M4_IF("3", n, back) ONNX2MCU_M4_IF("4", n, back) \
  ONNX2MCU_M4_IF("5", n, back) ONNX2MCU_M4_IF("6", n, back) ONNX2MCU_M4_IF("7", n, back)
#define ONNX2MCU_M4_TO_15(n)                                                                               \
  ONNX2MCU_M4_TO_7(n, "0") ONNX2MCU_M4_IF("8", n, "0") ONNX2MCU_M4_IF("9", n, "0") ONNX2MCU_M4_IF("10", n, "0") \
  ONNX2MCU_M4_IF("11", n, "0") ONNX2MCU_M4_IF("12", n, "0") ONNX2MCU_M4_IF("13", n, "0") ONNX2MCU_M4_IF("14", n, "0")
#define ONNX2MCU_CORE_PAIR_HOLDS 8  // steps at most: 16 words
#define ONNX2MCU_CORE_PAIR_MOST 15  // more do not fit the cache of code
#define ONNX2MCU_CORE_PAIR_BEGIN
#define ONNX2MCU_CORE_PAIR_STRAIGHT ONNX2MCU_M4_PAIR_START ONNX2MCU_M4_TO_15("%c[n]")
#define ONNX2MCU_CORE_PAIR_LOOP                                                                            \
  "vmov %[w], s12\n\tvmov %[a0], s16\n\tvmov %[a1], s17\n\tvmov %[a2], s18\n\tvmov %[a3], s19\n\t"         \
  "mov %[b0], %[a0]\n\tmov %[b1], %[a1]\n\tmov %[b2], %[a2]\n\tmov %[b3], %[a3]\n\t.p2align 2\n\t2:\n\t"   \
  ONNX2MCU_M4_FIRST("%c[n]") ONNX2MCU_M4_TO_7("%c[n]", "%c[n]")                                            \
  "vmov %[h], s13\n\tcmp %[w], %[h]\n\tbne 2b\n\t"                                                         \
  ONNX2MCU_M4_IF("0", "(%c[rest]&7)", "0") ONNX2MCU_M4_TO_7("(%c[rest]&7)", "0")
// Five to eight steps with the weights in s16 to s31, and what the sums start from in s8 to s11: loads of two steps stand together.
// h: a word of weights, xa and xb: the inputs; b0 and b1 go on from f0 and f1.
#define ONNX2MCU_M4_HELD_ROWS(weight, xa, xb, a0, a1, b0, b1, f0, f1)                                      \
  "vmov %[h], " weight "\n\tsmlad %[" b0 "], %[h], %[" xb "], %[" f0 "]\n\tsmlad %[" a0 "], %[h], %[" xa "], %[" a0 "]\n\t" \
  "sxtb16 %[h], %[h]\n\tsmlad %[" b1 "], %[h], %[" xb "], %[" f1 "]\n\tsmlad %[" a1 "], %[h], %[" xa "], %[" a1 "]\n\t"
#define ONNX2MCU_M4_HELD_STEP(w0, w1, xa, xb)                                                              \
  ONNX2MCU_M4_HELD_ROWS(w0, xa, xb, "a0", "a1", "b0", "b1", "b0", "b1")                                   \
  ONNX2MCU_M4_HELD_ROWS(w1, xa, xb, "a2", "a3", "b2", "b3", "b2", "b3")
#define ONNX2MCU_M4_HELD_LOADS(i, j)                                                                       \
  "ldr %[p], [%[x], #(4*" i ")]\n\tldr %[g], [%[x], #(%c[second]+4*" i ")]\n\t"                            \
  ".if %c[n] > " j "\n\tldr %[q], [%[x], #(4*" j ")]\n\tldr %[w], [%[x], #(%c[second]+4*" j ")]\n\t.endif\n\t"
#define ONNX2MCU_M4_HELD_TWO(i, j, w0, w1, w2, w3)                                                         \
  ".if %c[n] > " i "\n\t" ONNX2MCU_M4_HELD_LOADS(i, j) ONNX2MCU_M4_HELD_STEP(w0, w1, "p", "g")             \
  ".if %c[n] > " j "\n\t" ONNX2MCU_M4_HELD_STEP(w2, w3, "q", "w") ".endif\n\t.endif\n\t"
#define ONNX2MCU_CORE_PAIR_HELD_LOAD                                                                       \
  "vldmia %[a0], {s8-s11}\n\t.if %c[n] == 5\n\tvldmia %[w], {s16-s25}\n\t.elseif %c[n] == 6\n\tvldmia %[w], {s16-s27}\n\t" \
  ".elseif %c[n] == 7\n\tvldmia %[w], {s16-s29}\n\t.else\n\tvldmia %[w], {s16-s31}\n\t.endif\n\t"
#define ONNX2MCU_CORE_PAIR_HELD                                                                            \
  "vmov %[a0], s8\n\tvmov %[a1], s9\n\tvmov %[a2], s10\n\tvmov %[a3], s11\n\t" ONNX2MCU_M4_HELD_LOADS("0", "1") \
  ONNX2MCU_M4_HELD_ROWS("s16", "p", "g", "a0", "a1", "b0", "b1", "a0", "a1")                               \
  ONNX2MCU_M4_HELD_ROWS("s17", "p", "g", "a2", "a3", "b2", "b3", "a2", "a3")                               \
  ONNX2MCU_M4_HELD_STEP("s18", "s19", "q", "w")                                                            \
  ONNX2MCU_M4_HELD_TWO("2", "3", "s20", "s21", "s22", "s23") ONNX2MCU_M4_HELD_TWO("4", "5", "s24", "s25", "s26", "s27") \
  ONNX2MCU_M4_HELD_TWO("6", "7", "s28", "s29", "s30", "s31")
// One row of two pixels, of which 256 times the sum is in a and b: scaled by s`m`, with s`c` added.
#define ONNX2MCU_M4_UPPER_ROW(sat, prepare, a, b, m, c, at)                                                \
  "vmov %[h], " m "\n\tvmov %[g], " c "\n\t" prepare                                                       \
  "smmla %[" a "], %[" a "], %[h], %[g]\n\tsmmla %[" b "], %[" b "], %[h], %[g]\n\t"                       \
  sat " %[" a "], #8, %[" a "], asr %[shift]\n\t" sat " %[" b "], #8, %[" b "], asr %[shift]\n\t"          \
  "strb %[" a "], [%[p], #" at "]\n\tstrb %[" b "], [%[p], #(%c[out]+" at ")]\n\t"
#define ONNX2MCU_CORE_PAIR_UPPER(sat)                                                                      \
  "vmov %[p], s14\n\t"                                                                                     \
  ONNX2MCU_M4_UPPER_ROW(sat, "sub %[a0], %[a0], %[a1]\n\tsub %[b0], %[b0], %[b1]\n\t", "a0", "b0", "s0", "s4", "0") \
  ONNX2MCU_M4_UPPER_ROW(sat, "lsl %[a1], %[a1], #8\n\tlsl %[b1], %[b1], #8\n\t", "a1", "b1", "s1", "s5", "1")       \
  ONNX2MCU_M4_UPPER_ROW(sat, "sub %[a2], %[a2], %[a3]\n\tsub %[b2], %[b2], %[b3]\n\t", "a2", "b2", "s2", "s6", "2") \
  ONNX2MCU_M4_UPPER_ROW(sat, "lsl %[a3], %[a3], #8\n\tlsl %[b3], %[b3], #8\n\t", "a3", "b3", "s3", "s7", "3")
// Steps of a guard band: all of them, then whether one is in doubt, then the bytes.
#define ONNX2MCU_M4_STEPS_ROW(prepare, a, b, m, c)                                                         \
  "vmov %[h], " m "\n\tvmov %[g], " c "\n\t" prepare                                                       \
  "smmla %[" a "], %[" a "], %[h], %[g]\n\tsmmla %[" b "], %[" b "], %[h], %[g]\n\t"
#define ONNX2MCU_M4_STEPS_UPPER(a, b, a_low, b_low)                                                        \
  "sub %[" a "], %[" a "], %[" a_low "]\n\tsub %[" b "], %[" b "], %[" b_low "]\n\t"                       \
  ".if %c[left] > 8\n\tlsl %[" a "], %[" a "], #(%c[left]-8)\n\tlsl %[" b "], %[" b "], #(%c[left]-8)\n\t.endif\n\t"
#define ONNX2MCU_M4_STEPS_LOWER(a, b) "lsl %[" a "], %[" a "], %[left]\n\tlsl %[" b "], %[" b "], %[left]\n\t"
#define ONNX2MCU_M4_DOUBT(a, b, d)                                                                         \
  "vmov %[h], " d "\n\tcmp %[h], %[" a "], lsl #(32-%c[shift])\n\tbhs 3f\n\tcmp %[h], %[" b "], lsl #(32-%c[shift])\n\tbhs 3f\n\t"
#define ONNX2MCU_M4_BYTES(sat, a, b, at)                                                                   \
  sat " %[" a "], #8, %[" a "], asr %[shift]\n\t" sat " %[" b "], #8, %[" b "], asr %[shift]\n\t"          \
  "strb %[" a "], [%[p], #" at "]\n\tstrb %[" b "], [%[p], #(%c[out]+" at ")]\n\t"
#define ONNX2MCU_CORE_PAIR_GUARDED(sat)                                                                    \
  ONNX2MCU_M4_STEPS_ROW(ONNX2MCU_M4_STEPS_UPPER("a0", "b0", "a1", "b1"), "a0", "b0", "s0", "s4")           \
  ONNX2MCU_M4_STEPS_ROW(ONNX2MCU_M4_STEPS_LOWER("a1", "b1"), "a1", "b1", "s1", "s5")                       \
  ONNX2MCU_M4_STEPS_ROW(ONNX2MCU_M4_STEPS_UPPER("a2", "b2", "a3", "b3"), "a2", "b2", "s2", "s6")           \
  ONNX2MCU_M4_STEPS_ROW(ONNX2MCU_M4_STEPS_LOWER("a3", "b3"), "a3", "b3", "s3", "s7")                       \
  ONNX2MCU_M4_DOUBT("a0", "b0", "s8") ONNX2MCU_M4_DOUBT("a1", "b1", "s9") ONNX2MCU_M4_DOUBT("a2", "b2", "s10") \
  ONNX2MCU_M4_DOUBT("a3", "b3", "s11") "vmov %[p], s14\n\t"                                                \
  ONNX2MCU_M4_BYTES(sat, "a0", "b0", "0") ONNX2MCU_M4_BYTES(sat, "a1", "b1", "1")                          \
  ONNX2MCU_M4_BYTES(sat, "a2", "b2", "2") ONNX2MCU_M4_BYTES(sat, "a3", "b3", "3")
#define ONNX2MCU_CORE_PAIR_NEXT                                                                            \
  "add %[x], %[x], #%c[next]\n\tadd %[p], %[p], #%c[along]\n\tvmov s14, %[p]\n\t"                          \
  "vmov %[h], s15\n\tcmp %[x], %[h]\n\tbne 1b"
#define ONNX2MCU_CORE_PAIR_FLOAT(sat) ONNX2MCU_DSP_PAIR_SCALED "vmov %[p], s14\n\t" ONNX2MCU_DSP_PAIR_BYTES(sat, "p")
#define ONNX2MCU_CORE_PAIR_LEAVE "add %[x], %[x], #%c[next]\n\t"

#define ONNX2MCU_CORE_END(s) "vmov %[h], " s "\n\tcmp %[w], %[h]\n\t"
#define ONNX2MCU_CORE_BLOCKS RegisterBlocksM4
#define ONNX2MCU_CORE_BASE DepthwiseM4
#include "register_blocks.hpp"

#undef ONNX2MCU_M4_MACS
#undef ONNX2MCU_M4_FIRST
#undef ONNX2MCU_M4_STEP
#undef ONNX2MCU_M4_2X4
#undef ONNX2MCU_M4_2X4_FIRST
#undef ONNX2MCU_M4_2X4_STEP
#undef ONNX2MCU_M4_PAIR
#undef ONNX2MCU_M4_PAIR_START
#undef ONNX2MCU_M4_IF
#undef ONNX2MCU_M4_TO_7
#undef ONNX2MCU_M4_TO_15
#undef ONNX2MCU_M4_UPPER_ROW
#undef ONNX2MCU_M4_HELD_ROWS
#undef ONNX2MCU_M4_HELD_STEP
#undef ONNX2MCU_M4_HELD_LOADS
#undef ONNX2MCU_M4_HELD_TWO
#undef ONNX2MCU_M4_STEPS_ROW
#undef ONNX2MCU_M4_STEPS_UPPER
#undef ONNX2MCU_M4_STEPS_LOWER
#undef ONNX2MCU_M4_DOUBT
#undef ONNX2MCU_M4_BYTES
#undef ONNX2MCU_M4_QUAD
#undef ONNX2MCU_M4_BACK

struct CortexM4 : RegisterBlocksM4 {
  template <class T>
  using Parked = InFpu<T>;  // a load takes two cycles
};

#else

struct CortexM4 : DepthwiseM4 {
  static constexpr bool has_blocks = false;
};

#endif

}  // namespace onnx2mcu::cpu

#endif
