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
// The end of a loop (if it is one, in s15, or s2) comes back in p as soon as that is free: it takes three cycles.
#define ONNX2MCU_M7_LAST(i, n) \
  ONNX2MCU_M7_STEP(i, "vmov %[p], s15\n\t", "add %[x], %[x], #(4*" n ")\n\t", "add %[w], %[w], #(8*" n ")\n\t")
#define ONNX2MCU_CORE_BODY_8                                                                                     \
  ONNX2MCU_M7_LOAD("0") ONNX2MCU_M7_INNER("0", "1") ONNX2MCU_M7_INNER("1", "2") ONNX2MCU_M7_INNER("2", "3")    \
  ONNX2MCU_M7_INNER("3", "4") ONNX2MCU_M7_INNER("4", "5") ONNX2MCU_M7_INNER("5", "6") ONNX2MCU_M7_INNER("6", "7") \
  ONNX2MCU_M7_LAST("7", "8")
#define ONNX2MCU_CORE_BODY_4                                                                                     \
  ONNX2MCU_M7_LOAD("0") ONNX2MCU_M7_INNER("0", "1") ONNX2MCU_M7_INNER("1", "2") ONNX2MCU_M7_INNER("2", "3") ONNX2MCU_M7_LAST("3", "4")
#define ONNX2MCU_CORE_BODY_2 ONNX2MCU_M7_LOAD("0") ONNX2MCU_M7_INNER("0", "1") ONNX2MCU_M7_LAST("1", "2")
#define ONNX2MCU_CORE_BODY_1 ONNX2MCU_M7_LOAD("0") ONNX2MCU_M7_LAST("0", "1")

// One pair of rows with four inputs x0, x1 (bytes 0 and 2, 1 and 3); the word of weights in h was loaded by the pair before.
// A load comes second of two instructions: one that waits for the flash then costs a cycle less.
#define ONNX2MCU_M7_PAIR(a, b, load_g, last)                                                            \
  "smlad %[" a "], %[h], %[x0], %[" a "]\n\t" load_g "sxtb16 %[h], %[h]\n\tsmlad %[" a "], %[g], %[x1], %[" a "]\n\t" \
  "sxtb16 %[g], %[g]\n\tsmlad %[" b "], %[h], %[x0], %[" b "]\n\tsmlad %[" b "], %[g], %[x1], %[" b "]\n\t" last
// Four inputs, whose bytes are in x0, with 8 rows. `spare` goes where an instruction costs nothing.
#define ONNX2MCU_M7_QUAD(extend, spare, last)                                                                    \
  extend " %[x1], %[x0], ror #8\n\tldr %[h], [%[w]], #32\n\t" extend " %[x0], %[x0]\n\tldr %[g], [%[w], #-28]\n\t" \
  ONNX2MCU_M7_PAIR("a0", "a1", spare, "ldr %[h], [%[w], #-24]\n\t")                                              \
  ONNX2MCU_M7_PAIR("a2", "a3", "ldr %[g], [%[w], #-20]\n\t", "ldr %[h], [%[w], #-16]\n\t")                     \
  ONNX2MCU_M7_PAIR("a4", "a5", "ldr %[g], [%[w], #-12]\n\t", "ldr %[h], [%[w], #-8]\n\t")                      \
  ONNX2MCU_M7_PAIR("a6", "a7", "ldr %[g], [%[w], #-4]\n\t", last)
// The FPU counts, for there is no register left, and sets the flags long before the branch. Clang has no name for the
// flags of the FPU, which are then left alone.
#define ONNX2MCU_M7_DOWN "vsub.f32 %[count], %[count], %[one]\n\t"
#if defined(__clang__)
#define ONNX2MCU_M7_COMPARE ""
#define ONNX2MCU_M7_FLAGS ""
#define ONNX2MCU_M7_BACK "vmov %[h], %[count]\n\tcmp %[h], #0\n\tbne 0b"
#define ONNX2MCU_CORE_8X1_CLOBBERS "memory", "cc"
#else
#define ONNX2MCU_M7_COMPARE "vcmp.f32 %[count], #0\n\t"
#define ONNX2MCU_M7_FLAGS "vmrs APSR_nzcv, fpscr\n\t"
#define ONNX2MCU_M7_BACK "bne 0b"
#define ONNX2MCU_CORE_8X1_CLOBBERS "memory", "cc", "vfpcc"
#endif
#define ONNX2MCU_M7_NEXT_X "ldr %[x0], [%[x]], #4\n\t"
#define ONNX2MCU_CORE_8X1_LOOP_4(extend)                                                                          \
  "0:\n\t" ONNX2MCU_M7_NEXT_X ONNX2MCU_M7_QUAD(extend, ONNX2MCU_M7_DOWN, ONNX2MCU_M7_NEXT_X)                     \
  ONNX2MCU_M7_QUAD(extend, ONNX2MCU_M7_COMPARE, ONNX2MCU_M7_NEXT_X) ONNX2MCU_M7_QUAD(extend, "", ONNX2MCU_M7_NEXT_X) \
  ONNX2MCU_M7_QUAD(extend, ONNX2MCU_M7_FLAGS, ONNX2MCU_M7_BACK)
#define ONNX2MCU_CORE_8X1_LOOP_1(extend)                                                                          \
  "0:\n\t" ONNX2MCU_M7_NEXT_X ONNX2MCU_M7_DOWN ONNX2MCU_M7_COMPARE ONNX2MCU_M7_QUAD(extend, ONNX2MCU_M7_FLAGS, ONNX2MCU_M7_BACK)
#define ONNX2MCU_CORE_8X1_COUNT(blocks, n) auto count = static_cast<float>(blocks)
#define ONNX2MCU_CORE_8X1_READS [one] "t"(1.0F)
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
#define ONNX2MCU_M7_2X4_LAST(i, n) ONNX2MCU_M7_2X4(i, "vmov %[p], s2\n\t", "add %[x], %[x], #(16*" n ")\n\t", "add %[w], %[w], #(8*" n ")\n\t")
#define ONNX2MCU_CORE_2X4_8                                                                                           \
  ONNX2MCU_M7_2X4_LOAD ONNX2MCU_M7_2X4_STEP("0", "1") ONNX2MCU_M7_2X4_STEP("1", "2") ONNX2MCU_M7_2X4_STEP("2", "3") \
  ONNX2MCU_M7_2X4_STEP("3", "4") ONNX2MCU_M7_2X4_STEP("4", "5") ONNX2MCU_M7_2X4_STEP("5", "6")                      \
  ONNX2MCU_M7_2X4_STEP("6", "7") ONNX2MCU_M7_2X4_LAST("7", "8")
#define ONNX2MCU_CORE_2X4_4                                                                                           \
  ONNX2MCU_M7_2X4_LOAD ONNX2MCU_M7_2X4_STEP("0", "1") ONNX2MCU_M7_2X4_STEP("1", "2") ONNX2MCU_M7_2X4_STEP("2", "3") ONNX2MCU_M7_2X4_LAST("3", "4")
#define ONNX2MCU_CORE_2X4_2 ONNX2MCU_M7_2X4_LOAD ONNX2MCU_M7_2X4_STEP("0", "1") ONNX2MCU_M7_2X4_LAST("1", "2")

// Pairs of pixels (ONNX2MCU_DSP_PAIRS): the first step of a pair whose sums of the second pixel begin from the first's
// (those of a0 to a2 are loaded already), steps 1 to n - 2, and the last one, which fetches the first constants.
#define ONNX2MCU_M7_PAIR_START                                                                \
  "ldr %[p], [%[x]]\n\tldr %[h], [%[w]]\n\tldr %[g], [%[w], #4]\n\tldr %[q], [%[x], %[second]]\n\t" \
  "smlad %[b0], %[h], %[q], %[a0]\n\tvmov %[a3], s19\n\tsmlad %[a0], %[h], %[p], %[a0]\n\t"   \
  "sxtb16 %[h], %[h]\n\tsmlad %[b2], %[g], %[q], %[a2]\n\tsmlad %[a2], %[g], %[p], %[a2]\n\t" \
  "sxtb16 %[g], %[g]\n\tsmlad %[b1], %[h], %[q], %[a1]\n\tsmlad %[b3], %[g], %[q], %[a3]\n\t" \
  "smlad %[a3], %[g], %[p], %[a3]\n\tldr %[g], [%[w], #12]\n\tsmlad %[a1], %[h], %[p], %[a1]\n\t" \
  "ldr %[p], [%[x], #4]\n\tldr %[h], [%[w], #8]\n\t"
#define ONNX2MCU_M7_IF(i, next, n) ".if " n " > " next "\n\t" ONNX2MCU_M7_INNER(i, next) ".endif\n\t"
#define ONNX2MCU_M7_TO_6(n)                                                                   \
  ONNX2MCU_M7_IF("1", "2", n) ONNX2MCU_M7_IF("2", "3", n) ONNX2MCU_M7_IF("3", "4", n)         \
  ONNX2MCU_M7_IF("4", "5", n) ONNX2MCU_M7_IF("5", "6", n) ONNX2MCU_M7_IF("6", "7", n)
#define ONNX2MCU_M7_TO_30(n)                                                                                     \
  ONNX2MCU_M7_IF("1", "2", n) ONNX2MCU_M7_IF("2", "3", n) ONNX2MCU_M7_IF("3", "4", n) \
  ONNX2MCU_M7_IF("4", "5", n) ONNX2MCU_M7_IF("5", "6", n) ONNX2MCU_M7_IF("6", "7", n) \
  ONNX2MCU_M7_IF("7", "8", n) ONNX2MCU_M7_IF("8", "9", n) ONNX2MCU_M7_IF("9", "10", n) \
  ONNX2MCU_M7_IF("10", "11", n) ONNX2MCU_M7_IF("11", "12", n) ONNX2MCU_M7_IF("12", "13", n) \
  ONNX2MCU_M7_IF("13", "14", n) ONNX2MCU_M7_IF("14", "15", n) ONNX2MCU_M7_IF("15", "16", n) \
  ONNX2MCU_M7_IF("16", "17", n) ONNX2MCU_M7_IF("17", "18", n) ONNX2MCU_M7_IF("18", "19", n) \
  ONNX2MCU_M7_IF("19", "20", n) ONNX2MCU_M7_IF("20", "21", n) ONNX2MCU_M7_IF("21", "22", n) \
  ONNX2MCU_M7_IF("22", "23", n) ONNX2MCU_M7_IF("23", "24", n) ONNX2MCU_M7_IF("24", "25", n) \
  ONNX2MCU_M7_IF("25", "26", n) ONNX2MCU_M7_IF("26", "27", n) ONNX2MCU_M7_IF("27", "28", n) \
  ONNX2MCU_M7_IF("28", "29", n) ONNX2MCU_M7_IF("29", "30", n) ONNX2MCU_M7_IF("30", "31", n)
#define ONNX2MCU_M7_PAIR_LAST(i)                                                              \
  "ldr %[q], [%[x], #(%c[second]+4*" i ")]\n\tsmlad %[a0], %[h], %[p], %[a0]\n\t"             \
  "smlad %[a2], %[g], %[p], %[a2]\n\tadd %[x], %[x], #%c[next]\n\tsmlad %[b0], %[h], %[q], %[b0]\n\t" \
  "sxtb16 %[h], %[h]\n\tsmlad %[b2], %[g], %[q], %[b2]\n\t"                                   \
  "sxtb16 %[g], %[g]\n\tsmlad %[a1], %[h], %[p], %[a1]\n\t"                                   \
  "smlad %[a3], %[g], %[p], %[a3]\n\tvmov %[p], s0\n\tsmlad %[b1], %[h], %[q], %[b1]\n\tvmov %[h], s4\n\t" \
  "smlad %[b3], %[g], %[q], %[b3]\n\tvmov %[q], s1\n\t"
#define ONNX2MCU_CORE_PAIR_HOLDS 0
#define ONNX2MCU_CORE_PAIR_HELD_LOAD
#define ONNX2MCU_CORE_PAIR_HELD
#define ONNX2MCU_CORE_PAIR_MOST 32
#define ONNX2MCU_CORE_PAIR_BEGIN "vmov %[a0], s16\n\tvmov %[a1], s17\n\tvmov %[a2], s18\n\t"
#define ONNX2MCU_CORE_PAIR_STRAIGHT ONNX2MCU_M7_PAIR_START ONNX2MCU_M7_TO_30("%c[n]") ONNX2MCU_M7_PAIR_LAST("(%c[n]-1)")
#define ONNX2MCU_CORE_PAIR_LOOP                                                               \
  "vmov %[w], s12\n\tvmov %[a3], s19\n\tmov %[b0], %[a0]\n\tmov %[b1], %[a1]\n\tmov %[b2], %[a2]\n\tmov %[b3], %[a3]\n\t" \
  "2:\n\t" ONNX2MCU_M7_LOAD("0") ONNX2MCU_M7_IF("0", "1", "%c[n]") ONNX2MCU_M7_TO_6("%c[n]")  \
  ONNX2MCU_M7_STEP("(%c[n]-1)", "vmov %[p], s13\n\t", "add %[x], %[x], #(4*%c[n])\n\t", "add %[w], %[w], #(8*%c[n])\n\t") \
  "cmp %[w], %[p]\n\tbne 2b\n\t"                                                              \
  ".if (%c[rest]&7) > 0\n\t" ONNX2MCU_M7_LOAD("0") ".endif\n\t" ONNX2MCU_M7_IF("0", "1", "(%c[rest]&7)") ONNX2MCU_M7_TO_6("(%c[rest]&7)") \
  ".if (%c[rest]&7) > 0\n\t" ONNX2MCU_M7_PAIR_LAST("((%c[rest]&7)-1)")                                \
  ".else\n\tvmov %[p], s0\n\tvmov %[h], s4\n\tadd %[x], %[x], #%c[next]\n\tvmov %[q], s1\n\t.endif\n\t"
// 256 times the sums to bytes: a multiplication, a saturation or a store in every cycle, constants three cycles ahead.
#define ONNX2MCU_CORE_PAIR_UPPER(sat)                                                                          \
  "sub %[a0], %[a0], %[a1]\n\tvmov %[g], s5\n\tsmmla %[a0], %[a0], %[p], %[h]\n\tsub %[b0], %[b0], %[b1]\n\t"  \
  "smmla %[b0], %[b0], %[p], %[h]\n\tlsl %[a1], %[a1], #8\n\t"                                                 \
  ONNX2MCU_M7_SATURATE(sat, "a0") "smmla %[a1], %[a1], %[q], %[g]\n\tvmov %[p], s2\n\tlsl %[b1], %[b1], #8\n\t"  \
  ONNX2MCU_M7_SATURATE(sat, "b0") "smmla %[b1], %[b1], %[q], %[g]\n\tvmov %[h], s6\n\tsub %[a2], %[a2], %[a3]\n\t" \
  ONNX2MCU_M7_SATURATE(sat, "a1") "vmov %[q], s14\n\tsub %[b2], %[b2], %[b3]\n\tvmov %[g], s7\n\t"             \
  ONNX2MCU_M7_SATURATE(sat, "b1") "smmla %[a2], %[a2], %[p], %[h]\n\tsmmla %[b2], %[b2], %[p], %[h]\n\tlsl %[a3], %[a3], #8\n\t" \
  "strb %[a0], [%[q]]\n\tvmov %[p], s3\n\tstrb %[b0], [%[q], %[out]]\n\tlsl %[b3], %[b3], #8\n\t"              \
  ONNX2MCU_M7_SATURATE(sat, "a2") "strb %[a1], [%[q], #1]\n\t" ONNX2MCU_M7_SATURATE(sat, "b2")                 \
  "smmla %[a3], %[a3], %[p], %[g]\n\tstrb %[b1], [%[q], #(%c[out]+1)]\n\tsmmla %[b3], %[b3], %[p], %[g]\n\t"   \
  "strb %[a2], [%[q], #2]\n\tvmov %[h], s15\n\t" ONNX2MCU_M7_SATURATE(sat, "a3") "strb %[b2], [%[q], #(%c[out]+2)]\n\t" \
  ONNX2MCU_M7_SATURATE(sat, "b3") "vmov %[a0], s16\n\tstrb %[a3], [%[q], #3]\n\tadd %[g], %[q], #%c[along]\n\t" \
  "strb %[b3], [%[q], #(%c[out]+3)]\n\tvmov %[a1], s17\n\t"
#define ONNX2MCU_M7_SATURATE(sat, a) sat " %[" a "], #8, %[" a "], asr %[shift]\n\t"
#define ONNX2MCU_M7_LEFT(a) ".if %c[left] > 8\n\tlsl %[" a "], %[" a "], #(%c[left]-8)\n\t.endif\n\t"
#define ONNX2MCU_M7_DOUBT(d, a) "cmp %[" d "], %[" a "], lsl #(32-%c[shift])\n\tbhs 3f\n\t"
// Steps of a guard band: all of them, then whether one is in doubt, then the bytes.
#define ONNX2MCU_CORE_PAIR_GUARDED(sat)                                                                        \
  "sub %[a0], %[a0], %[a1]\n\tvmov %[g], s5\n\t" ONNX2MCU_M7_LEFT("a0") "sub %[b0], %[b0], %[b1]\n\t"          \
  "smmla %[a0], %[a0], %[p], %[h]\n\t" ONNX2MCU_M7_LEFT("b0") "smmla %[b0], %[b0], %[p], %[h]\n\tlsl %[a1], %[a1], %[left]\n\t" \
  "vmov %[p], s2\n\tlsl %[b1], %[b1], %[left]\n\tsmmla %[a1], %[a1], %[q], %[g]\n\tvmov %[h], s6\n\t"          \
  "smmla %[b1], %[b1], %[q], %[g]\n\tsub %[a2], %[a2], %[a3]\n\tvmov %[q], s3\n\tsub %[b2], %[b2], %[b3]\n\t"  \
  ONNX2MCU_M7_LEFT("a2") "vmov %[g], s7\n\tsmmla %[a2], %[a2], %[p], %[h]\n\t" ONNX2MCU_M7_LEFT("b2")          \
  "smmla %[b2], %[b2], %[p], %[h]\n\tlsl %[a3], %[a3], %[left]\n\tvmov %[p], s8\n\tlsl %[b3], %[b3], %[left]\n\t" \
  "smmla %[a3], %[a3], %[q], %[g]\n\tvmov %[h], s9\n\tsmmla %[b3], %[b3], %[q], %[g]\n\tvmov %[q], s10\n\t"    \
  ONNX2MCU_M7_DOUBT("p", "a0") "vmov %[g], s11\n\t" ONNX2MCU_M7_DOUBT("p", "b0") ONNX2MCU_M7_DOUBT("h", "a1")  \
  ONNX2MCU_M7_DOUBT("h", "b1") ONNX2MCU_M7_DOUBT("q", "a2") ONNX2MCU_M7_DOUBT("q", "b2")                       \
  "vmov %[q], s14\n\t" ONNX2MCU_M7_DOUBT("g", "a3") ONNX2MCU_M7_DOUBT("g", "b3") "vmov %[h], s15\n\t"          \
  ONNX2MCU_M7_SATURATE(sat, "a0") ONNX2MCU_M7_SATURATE(sat, "b0") ONNX2MCU_M7_SATURATE(sat, "a1")              \
  "strb %[a0], [%[q]]\n\t" ONNX2MCU_M7_SATURATE(sat, "b1") "strb %[b0], [%[q], %[out]]\n\t"                    \
  ONNX2MCU_M7_SATURATE(sat, "a2") "strb %[a1], [%[q], #1]\n\t" ONNX2MCU_M7_SATURATE(sat, "b2")                 \
  "strb %[b1], [%[q], #(%c[out]+1)]\n\t" ONNX2MCU_M7_SATURATE(sat, "a3") "strb %[a2], [%[q], #2]\n\t"          \
  ONNX2MCU_M7_SATURATE(sat, "b3") "strb %[b2], [%[q], #(%c[out]+2)]\n\tadd %[g], %[q], #%c[along]\n\t"         \
  "vmov %[a0], s16\n\tstrb %[a3], [%[q], #3]\n\tvmov %[a1], s17\n\tstrb %[b3], [%[q], #(%c[out]+3)]\n\t"
#define ONNX2MCU_CORE_PAIR_NEXT "vmov s14, %[g]\n\tcmp %[x], %[h]\n\tvmov %[a2], s18\n\tbne 1b"
#define ONNX2MCU_CORE_PAIR_FLOAT(sat)                                                         \
  ONNX2MCU_DSP_PAIR_SCALED "vmov %[q], s14\n\tvmov %[h], s15\n\t" ONNX2MCU_DSP_PAIR_BYTES(sat, "q") \
  "vmov %[a0], s16\n\tadd %[g], %[q], #%c[along]\n\tvmov %[a1], s17\n\t"
#define ONNX2MCU_CORE_PAIR_LEAVE

#define ONNX2MCU_CORE_END(s) "cmp %[w], %[p]\n\t"
#define ONNX2MCU_CORE_BLOCKS RegisterBlocksM7
#define ONNX2MCU_CORE_BASE DepthwiseM7
#include "register_blocks.hpp"

#undef ONNX2MCU_M7_LOAD
#undef ONNX2MCU_M7_STEP
#undef ONNX2MCU_M7_INNER
#undef ONNX2MCU_M7_LAST
#undef ONNX2MCU_M7_2X4
#undef ONNX2MCU_M7_PAIR_START
#undef ONNX2MCU_M7_PAIR_LAST
#undef ONNX2MCU_M7_IF
#undef ONNX2MCU_M7_TO_6
#undef ONNX2MCU_M7_TO_30
#undef ONNX2MCU_M7_SATURATE
#undef ONNX2MCU_M7_LEFT
#undef ONNX2MCU_M7_DOUBT
#undef ONNX2MCU_M7_2X4_LOAD
#undef ONNX2MCU_M7_2X4_STEP
#undef ONNX2MCU_M7_2X4_LAST
#undef ONNX2MCU_M7_PAIR
#undef ONNX2MCU_M7_QUAD
#undef ONNX2MCU_M7_DOWN
#undef ONNX2MCU_M7_COMPARE
#undef ONNX2MCU_M7_FLAGS
#undef ONNX2MCU_M7_BACK
#undef ONNX2MCU_M7_NEXT_X

struct CortexM7 : RegisterBlocksM7 {
  static ONNX2MCU_INLINE float limit(float value, float lowest, float highest) noexcept {  // without a branch
    float r;
    asm("vmaxnm.f32 %0, %1, %2\n\tvminnm.f32 %0, %0, %3" : "=&t"(r) : "t"(value), "t"(lowest), "t"(highest));
    return r;
  }
};

#else

struct CortexM7 : DepthwiseM7 {
  static constexpr bool has_blocks = false;
};

#endif

}  // namespace onnx2mcu::cpu

#endif
