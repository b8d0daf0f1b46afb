// Cortex-M3: no SIMD, but a 32-bit multiply-accumulate in two cycles. Neighbouring loads cost one cycle each, plus one a
// group, so they stand together; the flash feeds eight bytes of instructions in three cycles.
#ifndef ONNX2MCU_CPU_CORTEX_M3_HPP
#define ONNX2MCU_CPU_CORTEX_M3_HPP

#include <type_traits>

#include "thumb2.hpp"

namespace onnx2mcu::cpu {

// The loops take every register there is, as on the M4: not under -Os, and not with a frame pointer (ONNX2MCU_NO_ASM).
#if defined(__ARM_ARCH_7M__) && defined(__OPTIMIZE__) && !defined(__OPTIMIZE_SIZE__) && !defined(ONNX2MCU_NO_ASM)

// A loop begins with a line of flash. The empty lines make GCC count more bytes than the alignment can take.
#define ONNX2MCU_M3_ALIGN "\n\n\t.balign 8\n\t"

// A step of two rows of weights (u, v) and two pixels (x, y): 34 bytes of code, as many as the flash delivers in its 13 cycles.
#define ONNX2MCU_M3_STEP(i)                                                                                             \
  "ldr %[u], [%[w], #8*" i "]\n\tldr %[v], [%[w], #8*" i "+4]\n\tldr %[x], [%[p], #4*" i "]\n\tldr %[y], [%[q], #4*" i "]\n\t" \
  "mul %[t], %[u], %[x]\n\tadd %[a0], %[a0], %[t], asr #16\n\tmuls %[x], %[v], %[x]\n\tadd %[a1], %[a1], %[x], asr #16\n\t"  \
  "muls %[u], %[y], %[u]\n\tadd %[a2], %[a2], %[u], asr #16\n\tmuls %[y], %[v], %[y]\n\tadd %[a3], %[a3], %[y], asr #16\n\t"
#define ONNX2MCU_M3_STEPS_1 ONNX2MCU_M3_STEP("0")
#define ONNX2MCU_M3_STEPS_2 ONNX2MCU_M3_STEPS_1 ONNX2MCU_M3_STEP("1")
#define ONNX2MCU_M3_STEPS_3 ONNX2MCU_M3_STEPS_2 ONNX2MCU_M3_STEP("2")
#define ONNX2MCU_M3_STEPS_4 ONNX2MCU_M3_STEPS_3 ONNX2MCU_M3_STEP("3")
#define ONNX2MCU_M3_STEPS_5 ONNX2MCU_M3_STEPS_4 ONNX2MCU_M3_STEP("4")
#define ONNX2MCU_M3_STEPS_6 ONNX2MCU_M3_STEPS_5 ONNX2MCU_M3_STEP("5")
#define ONNX2MCU_M3_STEPS_7 ONNX2MCU_M3_STEPS_6 ONNX2MCU_M3_STEP("6")
#define ONNX2MCU_M3_STEPS_8 ONNX2MCU_M3_STEPS_7 ONNX2MCU_M3_STEP("7")
#define ONNX2MCU_M3_STEPS_9 ONNX2MCU_M3_STEPS_8 ONNX2MCU_M3_STEP("8")
#define ONNX2MCU_M3_STEPS_10 ONNX2MCU_M3_STEPS_9 ONNX2MCU_M3_STEP("9")
#define ONNX2MCU_M3_STEPS_11 ONNX2MCU_M3_STEPS_10 ONNX2MCU_M3_STEP("10")
#define ONNX2MCU_M3_STEPS_12 ONNX2MCU_M3_STEPS_11 ONNX2MCU_M3_STEP("11")
#define ONNX2MCU_M3_STEPS_13 ONNX2MCU_M3_STEPS_12 ONNX2MCU_M3_STEP("12")
#define ONNX2MCU_M3_STEPS_14 ONNX2MCU_M3_STEPS_13 ONNX2MCU_M3_STEP("13")
#define ONNX2MCU_M3_STEPS_15 ONNX2MCU_M3_STEPS_14 ONNX2MCU_M3_STEP("14")
#define ONNX2MCU_M3_UPPER_OPERANDS                                                                                      \
  [a0] "+r"(a[0]), [a1] "+r"(a[1]), [a2] "+r"(a[2]), [a3] "+r"(a[3]), [p] "+l"(p), [q] "+l"(q), [w] "+l"(w), [u] "=&l"(u),        \
      [v] "=&l"(v), [x] "=&l"(x), [y] "=&l"(y), [t] "=&r"(t)
#define ONNX2MCU_M3_UPPER(text)                                                                                         \
  if constexpr (rounds == 1)                                                                                            \
    asm volatile(text : ONNX2MCU_M3_UPPER_OPERANDS : : "memory", "cc");                                                 \
  else                                                                                                                  \
    asm volatile(ONNX2MCU_M3_ALIGN "0:\n\t" text                                                                        \
                 "ldr %[t], %[end]\n\tadds %[w], #%c[words]*8\n\tadds %[p], #%c[words]*4\n\tadds %[q], #%c[words]*4\n\t"    \
                 "cmp %[w], %[t]\n\tbne 0b\n\t"                                                                        \
                 : ONNX2MCU_M3_UPPER_OPERANDS : [end] "m"(end), [words] "i"(steps) : "memory", "cc")

// A word of weights of a pair of rows with two inputs: 26 bytes of code.
#define ONNX2MCU_M3_PAIR(p, i)                                                                                        \
  "ldr %[word], [%[w], #4*(" i ")]\n\tand %[t], %[word], %[mask]\n\tmuls %[t], %[x0], %[t]\n\tadds %[a" p "], %[a" p "], %[t]\n\t" \
  "add %[b" p "], %[b" p "], %[t], lsr #16\n\tand %[word], %[mask], %[word], lsr #8\n\tmuls %[word], %[x1], %[word]\n\t"  \
  "adds %[a" p "], %[a" p "], %[word]\n\tadd %[b" p "], %[b" p "], %[word], lsr #16\n\t"
#define ONNX2MCU_M3_PAIRS_1(first) ONNX2MCU_M3_PAIR("0", first)
#define ONNX2MCU_M3_PAIRS_2(first) ONNX2MCU_M3_PAIRS_1(first) ONNX2MCU_M3_PAIR("1", first "+1")
#define ONNX2MCU_M3_PAIRS_3(first) ONNX2MCU_M3_PAIRS_2(first) ONNX2MCU_M3_PAIR("2", first "+2")
#define ONNX2MCU_M3_PAIRED(flip, pairs, count, ...)                                                                   \
  asm volatile(ONNX2MCU_M3_ALIGN "0:\n\tldr %[four], [%[x]], #4\n\t" flip                    \
               "uxtb %[x0], %[four]\n\tubfx %[x1], %[four], #8, #8\n\t" pairs("0")                                   \
               "ubfx %[x0], %[four], #16, #8\n\tlsrs %[x1], %[four], #24\n\t" pairs(count)                      \
               "ldr %[t], %[end]\n\tadds %[w], #8*" count "\n\tcmp %[x], %[t]\n\tbne 0b\n\t"                        \
               : __VA_ARGS__, [x] "+r"(x), [w] "+l"(w), [x0] "=&l"(x0), [x1] "=&l"(x1), [word] "=&l"(word), [t] "=&l"(t), [four] "=&r"(four) \
               : [end] "m"(end), [mask] "r"(0x00FF00FFU) : "memory", "cc")
#define ONNX2MCU_M3_SUMS(i) [a##i] "+l"(whole[i]), [b##i] "+r"(upper[i])
#define ONNX2MCU_M3_PRODUCTS(flip)                                                                                    \
  if constexpr (pairs == 1) ONNX2MCU_M3_PAIRED(flip, ONNX2MCU_M3_PAIRS_1, "1", ONNX2MCU_M3_SUMS(0));                  \
  else if constexpr (pairs == 2) ONNX2MCU_M3_PAIRED(flip, ONNX2MCU_M3_PAIRS_2, "2", ONNX2MCU_M3_SUMS(0), ONNX2MCU_M3_SUMS(1)); \
  else ONNX2MCU_M3_PAIRED(flip, ONNX2MCU_M3_PAIRS_3, "3", ONNX2MCU_M3_SUMS(0), ONNX2MCU_M3_SUMS(1), ONNX2MCU_M3_SUMS(2))

// A row of the kernel with up to five outputs a0 … a4 from seven cells: the weights u, v, w, cells p and q by turns. In the
// first row the first product of each output begins with `start`.
#define ONNX2MCU_M3_CELL(load, to, i, cell) load " %[" to "], [%[x], #(%c[row]*" i "+%c[lanes]*(" cell "))]\n\t"
#define ONNX2MCU_M3_CELLS(load, i, cell) ONNX2MCU_M3_CELL(load, "p", i, cell) ONNX2MCU_M3_CELL(load, "q", i, cell "+1")
#define ONNX2MCU_M3_MLA(a, w, cell, from) "mla %[" a "], %[" w "], %[" cell "], %[" from "]\n\t"
#define ONNX2MCU_M3_ADD(a, w, cell) ONNX2MCU_M3_MLA(a, w, cell, a)
#define ONNX2MCU_M3_WEIGHTS_3(i) "ldr %[u], %[w" i "0]\n\tldr %[v], %[w" i "1]\n\tldr %[w], %[w" i "2]\n\t"
#define ONNX2MCU_M3_DEPTHWISE_1(load, i, b0, b1, b2, b3, b4)                                                          \
  ONNX2MCU_M3_WEIGHTS_3(i) ONNX2MCU_M3_CELLS(load, i, "0") ONNX2MCU_M3_MLA("a0", "u", "p", b0)                        \
  ONNX2MCU_M3_ADD("a0", "v", "q") ONNX2MCU_M3_CELL(load, "p", i, "2") ONNX2MCU_M3_ADD("a0", "w", "p")
#define ONNX2MCU_M3_DEPTHWISE_2(load, i, b0, b1, b2, b3, b4)                                                          \
  ONNX2MCU_M3_WEIGHTS_3(i) ONNX2MCU_M3_CELLS(load, i, "0") ONNX2MCU_M3_MLA("a0", "u", "p", b0)                        \
  ONNX2MCU_M3_ADD("a0", "v", "q") ONNX2MCU_M3_MLA("a1", "u", "q", b1) ONNX2MCU_M3_CELLS(load, i, "2")                 \
  ONNX2MCU_M3_ADD("a0", "w", "p") ONNX2MCU_M3_ADD("a1", "v", "p") ONNX2MCU_M3_ADD("a1", "w", "q")
#define ONNX2MCU_M3_DEPTHWISE_HEAD(load, i, b0, b1, b2, b3)                                                           \
  ONNX2MCU_M3_WEIGHTS_3(i) ONNX2MCU_M3_CELLS(load, i, "0") ONNX2MCU_M3_MLA("a0", "u", "p", b0)                        \
  ONNX2MCU_M3_ADD("a0", "v", "q") ONNX2MCU_M3_MLA("a1", "u", "q", b1) ONNX2MCU_M3_CELLS(load, i, "2")                 \
  ONNX2MCU_M3_ADD("a0", "w", "p") ONNX2MCU_M3_ADD("a1", "v", "p") ONNX2MCU_M3_MLA("a2", "u", "p", b2)                 \
  ONNX2MCU_M3_ADD("a1", "w", "q") ONNX2MCU_M3_ADD("a2", "v", "q")
#define ONNX2MCU_M3_DEPTHWISE_3(load, i, b0, b1, b2, b3, b4)                                                          \
  ONNX2MCU_M3_DEPTHWISE_HEAD(load, i, b0, b1, b2, b3) ONNX2MCU_M3_CELL(load, "p", i, "4") ONNX2MCU_M3_ADD("a2", "w", "p")
#define ONNX2MCU_M3_DEPTHWISE_4(load, i, b0, b1, b2, b3, b4)                                                          \
  ONNX2MCU_M3_DEPTHWISE_HEAD(load, i, b0, b1, b2, b3) ONNX2MCU_M3_MLA("a3", "u", "q", b3)                             \
  ONNX2MCU_M3_CELLS(load, i, "4") ONNX2MCU_M3_ADD("a2", "w", "p") ONNX2MCU_M3_ADD("a3", "v", "p") ONNX2MCU_M3_ADD("a3", "w", "q")
#define ONNX2MCU_M3_DEPTHWISE_5(load, i, b0, b1, b2, b3, b4)                                                          \
  ONNX2MCU_M3_DEPTHWISE_HEAD(load, i, b0, b1, b2, b3) ONNX2MCU_M3_MLA("a3", "u", "q", b3)                             \
  ONNX2MCU_M3_CELLS(load, i, "4") ONNX2MCU_M3_ADD("a2", "w", "p") ONNX2MCU_M3_ADD("a3", "v", "p")                     \
  ONNX2MCU_M3_MLA("a4", "u", "p", b4) ONNX2MCU_M3_ADD("a3", "w", "q") ONNX2MCU_M3_ADD("a4", "v", "q")                 \
  ONNX2MCU_M3_CELL(load, "p", i, "6") ONNX2MCU_M3_ADD("a4", "w", "p")
#define ONNX2MCU_M3_DEPTHWISE(text, load, ...)                                                                        \
  asm(text(load, "0", "start", "start", "start", "start", "start") text(load, "1", "a0", "a1", "a2", "a3", "a4")      \
          text(load, "2", "a0", "a1", "a2", "a3", "a4")                                                               \
      : __VA_ARGS__, [p] "=&r"(p), [q] "=&r"(q), [u] "=&r"(u), [v] "=&r"(v), [w] "=&r"(t)                             \
      : [x] "r"(x), [start] "r"(start), [row] "i"(row), [lanes] "i"(lanes), [w00] "m"(w[0]), [w01] "m"(w[1]), [w02] "m"(w[2]),            \
        [w10] "m"(w[3]), [w11] "m"(w[4]), [w12] "m"(w[5]), [w20] "m"(w[6]), [w21] "m"(w[7]), [w22] "m"(w[8]),         \
        "m"(*reinterpret_cast<const X(*)[2 * row + 6 * lanes + 1]>(x)))
#define ONNX2MCU_M3_NEW(i) [a##i] "=&r"(a[i])
#define ONNX2MCU_M3_3X3(load)                                                                                         \
  if constexpr (outputs == 1) ONNX2MCU_M3_DEPTHWISE(ONNX2MCU_M3_DEPTHWISE_1, load, ONNX2MCU_M3_NEW(0));               \
  else if constexpr (outputs == 2) ONNX2MCU_M3_DEPTHWISE(ONNX2MCU_M3_DEPTHWISE_2, load, ONNX2MCU_M3_NEW(0), ONNX2MCU_M3_NEW(1)); \
  else if constexpr (outputs == 3)                                                                                    \
    ONNX2MCU_M3_DEPTHWISE(ONNX2MCU_M3_DEPTHWISE_3, load, ONNX2MCU_M3_NEW(0), ONNX2MCU_M3_NEW(1), ONNX2MCU_M3_NEW(2)); \
  else if constexpr (outputs == 4)                                                                                    \
    ONNX2MCU_M3_DEPTHWISE(ONNX2MCU_M3_DEPTHWISE_4, load, ONNX2MCU_M3_NEW(0), ONNX2MCU_M3_NEW(1), ONNX2MCU_M3_NEW(2), ONNX2MCU_M3_NEW(3)); \
  else                                                                                                                \
    ONNX2MCU_M3_DEPTHWISE(ONNX2MCU_M3_DEPTHWISE_5, load, ONNX2MCU_M3_NEW(0), ONNX2MCU_M3_NEW(1), ONNX2MCU_M3_NEW(2), ONNX2MCU_M3_NEW(3), ONNX2MCU_M3_NEW(4))

struct CortexM3 : Thumb2 {
  static constexpr bool has_fpu = false, vectorizes = false;

  /// See Portable.
  template <int steps, int rounds>
  static ONNX2MCU_INLINE void upper_products(std::int32_t (&a)[4], const std::uint8_t* p, const std::uint8_t* q, const std::uint8_t* w) noexcept {
    static_assert(steps <= 15, "the loads reach 128 bytes");
    [[maybe_unused]] const std::uint8_t* const end = w + 8 * steps * rounds;
    std::int32_t u, v, x, y, t;
    if constexpr (steps == 1) ONNX2MCU_M3_UPPER(ONNX2MCU_M3_STEPS_1);
    else if constexpr (steps == 2) ONNX2MCU_M3_UPPER(ONNX2MCU_M3_STEPS_2);
    else if constexpr (steps == 3) ONNX2MCU_M3_UPPER(ONNX2MCU_M3_STEPS_3);
    else if constexpr (steps == 4) ONNX2MCU_M3_UPPER(ONNX2MCU_M3_STEPS_4);
    else if constexpr (steps == 5) ONNX2MCU_M3_UPPER(ONNX2MCU_M3_STEPS_5);
    else if constexpr (steps == 6) ONNX2MCU_M3_UPPER(ONNX2MCU_M3_STEPS_6);
    else if constexpr (steps == 7) ONNX2MCU_M3_UPPER(ONNX2MCU_M3_STEPS_7);
    else if constexpr (steps == 8) ONNX2MCU_M3_UPPER(ONNX2MCU_M3_STEPS_8);
    else if constexpr (steps == 9) ONNX2MCU_M3_UPPER(ONNX2MCU_M3_STEPS_9);
    else if constexpr (steps == 10) ONNX2MCU_M3_UPPER(ONNX2MCU_M3_STEPS_10);
    else if constexpr (steps == 11) ONNX2MCU_M3_UPPER(ONNX2MCU_M3_STEPS_11);
    else if constexpr (steps == 12) ONNX2MCU_M3_UPPER(ONNX2MCU_M3_STEPS_12);
    else if constexpr (steps == 13) ONNX2MCU_M3_UPPER(ONNX2MCU_M3_STEPS_13);
    else if constexpr (steps == 14) ONNX2MCU_M3_UPPER(ONNX2MCU_M3_STEPS_14);
    else ONNX2MCU_M3_UPPER(ONNX2MCU_M3_STEPS_15);
  }

  template <int pairs, int quads, class X>
  static ONNX2MCU_INLINE void paired_products(std::uint32_t (&whole)[pairs], std::uint32_t (&upper)[pairs], const X*& x, const std::uint8_t*& w) noexcept {
    static_assert(pairs <= 3, "the sums leave no more registers");
    const X* const end = x + 4 * quads;
    std::uint32_t x0, x1, word, t, four;
    if constexpr (std::is_signed_v<X>) ONNX2MCU_M3_PRODUCTS("eor %[four], %[four], #0x80808080\n\t");
    else ONNX2MCU_M3_PRODUCTS("");
  }

  template <int outputs, int row, int lanes, class X>
  static ONNX2MCU_INLINE void depthwise_3x3(std::int32_t (&a)[outputs], const X* x, const std::int32_t* w, std::int32_t start) noexcept {
    std::int32_t p, q, u, v, t;
    if constexpr (std::is_signed_v<X>) ONNX2MCU_M3_3X3("ldrsb");
    else ONNX2MCU_M3_3X3("ldrb");
  }
};

#undef ONNX2MCU_M3_ALIGN
#undef ONNX2MCU_M3_STEP
#undef ONNX2MCU_M3_STEPS_1
#undef ONNX2MCU_M3_STEPS_2
#undef ONNX2MCU_M3_STEPS_3
#undef ONNX2MCU_M3_STEPS_4
#undef ONNX2MCU_M3_STEPS_5
#undef ONNX2MCU_M3_STEPS_6
#undef ONNX2MCU_M3_STEPS_7
#undef ONNX2MCU_M3_STEPS_8
#undef ONNX2MCU_M3_STEPS_9
#undef ONNX2MCU_M3_STEPS_10
#undef ONNX2MCU_M3_STEPS_11
#undef ONNX2MCU_M3_STEPS_12
#undef ONNX2MCU_M3_STEPS_13
#undef ONNX2MCU_M3_STEPS_14
#undef ONNX2MCU_M3_STEPS_15
#undef ONNX2MCU_M3_UPPER_OPERANDS
#undef ONNX2MCU_M3_UPPER
#undef ONNX2MCU_M3_PAIR
#undef ONNX2MCU_M3_PAIRS_1
#undef ONNX2MCU_M3_PAIRS_2
#undef ONNX2MCU_M3_PAIRS_3
#undef ONNX2MCU_M3_PAIRED
#undef ONNX2MCU_M3_SUMS
#undef ONNX2MCU_M3_PRODUCTS
#undef ONNX2MCU_M3_CELL
#undef ONNX2MCU_M3_CELLS
#undef ONNX2MCU_M3_MLA
#undef ONNX2MCU_M3_ADD
#undef ONNX2MCU_M3_WEIGHTS_3
#undef ONNX2MCU_M3_DEPTHWISE_1
#undef ONNX2MCU_M3_DEPTHWISE_2
#undef ONNX2MCU_M3_DEPTHWISE_HEAD
#undef ONNX2MCU_M3_DEPTHWISE_3
#undef ONNX2MCU_M3_DEPTHWISE_4
#undef ONNX2MCU_M3_DEPTHWISE_5
#undef ONNX2MCU_M3_DEPTHWISE
#undef ONNX2MCU_M3_NEW
#undef ONNX2MCU_M3_3X3

#else

struct CortexM3 : Thumb2 {
  static constexpr bool has_fpu = false, vectorizes = false;
};

#endif

}  // namespace onnx2mcu::cpu

#endif
