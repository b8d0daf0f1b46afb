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

// Tap i of two rows (weights v, w) with two pixels (p, q), which lie at byte `at` and one `distance` further.
#define ONNX2MCU_M3_WEIGHTS(i) "ldrsb %[v], [%[k], #(2*" i ")]\n\tldrsb %[w], [%[k], #(2*" i "+1)]\n\t"
#define ONNX2MCU_M3_PIXELS(load, i, first, second)                                                                    \
  load " %[p], [%[x], #(%c[distance]*" first "+" i ")]\n\t" load " %[q], [%[x], #(%c[distance]*" second "+" i ")]\n\t"
#define ONNX2MCU_M3_MACS(a, b, c, d)                                                                                  \
  "mla %[" a "], %[v], %[p], %[" a "]\n\tmla %[" b "], %[w], %[p], %[" b "]\n\t"                                      \
  "mla %[" c "], %[v], %[q], %[" c "]\n\tmla %[" d "], %[w], %[q], %[" d "]\n\t"
#define ONNX2MCU_M3_TAP_2(load, i) \
  ONNX2MCU_M3_WEIGHTS(i) ONNX2MCU_M3_PIXELS(load, i, "0", "1") ONNX2MCU_M3_MACS("a0", "a1", "a2", "a3")
#define ONNX2MCU_M3_TAP_4(load, i) \
  ONNX2MCU_M3_TAP_2(load, i) ONNX2MCU_M3_PIXELS(load, i, "2", "3") ONNX2MCU_M3_MACS("a4", "a5", "a6", "a7")
#define ONNX2MCU_M3_OPERANDS_2                                                                                        \
  [a0] "+r"(a[0]), [a1] "+r"(a[1]), [a2] "+r"(a[2]), [a3] "+r"(a[3]), [x] "+r"(x), [k] "+r"(k), [p] "=&r"(p),        \
      [q] "=&r"(q), [v] "=&r"(v), [w] "=&r"(w)
#define ONNX2MCU_M3_OPERANDS_4 \
  ONNX2MCU_M3_OPERANDS_2, [a4] "+r"(a[4]), [a5] "+r"(a[5]), [a6] "+r"(a[6]), [a7] "+r"(a[7])
#define ONNX2MCU_M3_LOOP(tap, load, operands)                                                                         \
  asm volatile(ONNX2MCU_M3_ALIGN "0:\n\t" tap(load, "0") tap(load, "1") tap(load, "2") tap(load, "3")                  \
               "ldr %[v], %[end]\n\tadds %[k], #8\n\tadds %[x], #4\n\tcmp %[k], %[v]\n\tbne 0b\n\t"                     \
               : operands : [distance] "i"(distance), [end] "m"(end) : "memory", "cc")
#define ONNX2MCU_M3_ONE(tap, load, operands)                                                                          \
  asm volatile(tap(load, "0") "adds %[k], #2\n\tadds %[x], #1\n\t" : operands : [distance] "i"(distance) : "memory", "cc")

// One row of weights (a word) with four inputs: 32 bytes of code, so that every row's word is read behind another
// instruction of its line of flash: there it waits least for the line that is being fetched.
#define ONNX2MCU_M3_ROW(a, i)                                                                                         \
  "ldr.w %[word], [%[w], #(4*" i ")]\n\tsxtb %[b], %[word]\n\tmla %[" a "], %[x0], %[b], %[" a "]\n\t"                \
  "sxtb.w %[b], %[word], ror #8\n\tmla %[" a "], %[x1], %[b], %[" a "]\n\t"                                           \
  "sxtb.w %[b], %[word], ror #16\n\tmla %[" a "], %[x2], %[b], %[" a "]\n\t"                                          \
  "asrs %[word], %[word], #24\n\tmla %[" a "], %[x3], %[word], %[" a "]\n\t"
#define ONNX2MCU_M3_ROWS_LOOP(load, text, ...)                                                                        \
  asm volatile(ONNX2MCU_M3_ALIGN "nop.w\n\t0:\n\t" load " %[x1], [%[x], #1]\n\t" load " %[x2], [%[x], #2]\n\t"                \
               load " %[x3], [%[x], #3]\n\t" load " %[x0], [%[x]], #4\n\t" text                                      \
               "ldr %[word], %[end]\n\tadds %[w], #%c[step]\n\tcmp %[x], %[word]\n\tbne 0b\n\t"                      \
               : __VA_ARGS__, [x] "+r"(x), [w] "+r"(w), [x0] "=&r"(x0), [x1] "=&r"(x1), [x2] "=&r"(x2), [x3] "=&r"(x3), \
                 [word] "=&l"(word), [b] "=&l"(b)                                                                     \
               : [end] "m"(end), [step] "i"(4 * rows) : "memory", "cc")
#define ONNX2MCU_M3_A(i) [a##i] "+r"(a[i])
#define ONNX2MCU_M3_ROWS(load)                                                                                        \
  if constexpr (rows == 1) ONNX2MCU_M3_ROWS_LOOP(load, ONNX2MCU_M3_ROW("a0", "0"), ONNX2MCU_M3_A(0));                 \
  else if constexpr (rows == 2)                                                                                       \
    ONNX2MCU_M3_ROWS_LOOP(load, ONNX2MCU_M3_ROW("a0", "0") ONNX2MCU_M3_ROW("a1", "1"), ONNX2MCU_M3_A(0), ONNX2MCU_M3_A(1)); \
  else if constexpr (rows == 3)                                                                                       \
    ONNX2MCU_M3_ROWS_LOOP(load, ONNX2MCU_M3_ROW("a0", "0") ONNX2MCU_M3_ROW("a1", "1") ONNX2MCU_M3_ROW("a2", "2"),     \
                          ONNX2MCU_M3_A(0), ONNX2MCU_M3_A(1), ONNX2MCU_M3_A(2));                                      \
  else if constexpr (rows == 4)                                                                                       \
    ONNX2MCU_M3_ROWS_LOOP(load, ONNX2MCU_M3_ROW("a0", "0") ONNX2MCU_M3_ROW("a1", "1") ONNX2MCU_M3_ROW("a2", "2")      \
                          ONNX2MCU_M3_ROW("a3", "3"), ONNX2MCU_M3_A(0), ONNX2MCU_M3_A(1), ONNX2MCU_M3_A(2), ONNX2MCU_M3_A(3)); \
  else if constexpr (rows == 5)                                                                                       \
    ONNX2MCU_M3_ROWS_LOOP(load, ONNX2MCU_M3_ROW("a0", "0") ONNX2MCU_M3_ROW("a1", "1") ONNX2MCU_M3_ROW("a2", "2")      \
                          ONNX2MCU_M3_ROW("a3", "3") ONNX2MCU_M3_ROW("a4", "4"), ONNX2MCU_M3_A(0), ONNX2MCU_M3_A(1),  \
                          ONNX2MCU_M3_A(2), ONNX2MCU_M3_A(3), ONNX2MCU_M3_A(4));                                      \
  else                                                                                                                \
    ONNX2MCU_M3_ROWS_LOOP(load, ONNX2MCU_M3_ROW("a0", "0") ONNX2MCU_M3_ROW("a1", "1") ONNX2MCU_M3_ROW("a2", "2")      \
                          ONNX2MCU_M3_ROW("a3", "3") ONNX2MCU_M3_ROW("a4", "4") ONNX2MCU_M3_ROW("a5", "5"),           \
                          ONNX2MCU_M3_A(0), ONNX2MCU_M3_A(1), ONNX2MCU_M3_A(2), ONNX2MCU_M3_A(3), ONNX2MCU_M3_A(4), ONNX2MCU_M3_A(5))

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

  /// See Portable. The pixels' offsets must fit the loads.
  template <int taps, int pixels, int distance, class X>
  static ONNX2MCU_INLINE void mac_rows(std::int32_t (&a)[2 * pixels], const X* x, const std::int8_t* k) noexcept {
    if constexpr (pixels == 1 || 3 * distance + 4 > 4095) {
      Portable::mac_rows<taps, pixels, distance>(a, x, k);
    } else {
      if constexpr (taps >= 4) mac_taps<4, pixels, distance>(a, x, k, k + taps / 4 * 8);
      for (int i = 0; i < taps % 4; ++i) mac_taps<1, pixels, distance>(a, x, k, k);
    }
  }

  /// n = 4: steps of four taps until k reaches end; n = 1: one tap.
  template <int n, int pixels, int distance, class X>
  static ONNX2MCU_INLINE void mac_taps(std::int32_t (&a)[2 * pixels], const X*& x, const std::int8_t*& k, const std::int8_t* end) noexcept {
    std::int32_t p, q, v, w;
    constexpr bool x_signed = std::is_signed_v<X>;
    if constexpr (pixels == 4 && n == 4 && x_signed) ONNX2MCU_M3_LOOP(ONNX2MCU_M3_TAP_4, "ldrsb", ONNX2MCU_M3_OPERANDS_4);
    else if constexpr (pixels == 4 && n == 4) ONNX2MCU_M3_LOOP(ONNX2MCU_M3_TAP_4, "ldrb", ONNX2MCU_M3_OPERANDS_4);
    else if constexpr (pixels == 4 && x_signed) ONNX2MCU_M3_ONE(ONNX2MCU_M3_TAP_4, "ldrsb", ONNX2MCU_M3_OPERANDS_4);
    else if constexpr (pixels == 4) ONNX2MCU_M3_ONE(ONNX2MCU_M3_TAP_4, "ldrb", ONNX2MCU_M3_OPERANDS_4);
    else if constexpr (n == 4 && x_signed) ONNX2MCU_M3_LOOP(ONNX2MCU_M3_TAP_2, "ldrsb", ONNX2MCU_M3_OPERANDS_2);
    else if constexpr (n == 4) ONNX2MCU_M3_LOOP(ONNX2MCU_M3_TAP_2, "ldrb", ONNX2MCU_M3_OPERANDS_2);
    else if constexpr (x_signed) ONNX2MCU_M3_ONE(ONNX2MCU_M3_TAP_2, "ldrsb", ONNX2MCU_M3_OPERANDS_2);
    else ONNX2MCU_M3_ONE(ONNX2MCU_M3_TAP_2, "ldrb", ONNX2MCU_M3_OPERANDS_2);
  }

  template <int rows, int quads, class X>
  static ONNX2MCU_INLINE void dot4_rows(std::int32_t (&a)[rows], const X*& x, const std::int8_t*& w) noexcept {
    const X* const end = x + 4 * quads;
    std::int32_t x0, x1, x2, x3, word, b;
    if constexpr (std::is_signed_v<X>) ONNX2MCU_M3_ROWS("ldrsb");
    else ONNX2MCU_M3_ROWS("ldrb");
  }

  template <int outputs, int row, int lanes, class X>
  static ONNX2MCU_INLINE void depthwise_3x3(std::int32_t (&a)[outputs], const X* x, const std::int32_t* w, std::int32_t start) noexcept {
    std::int32_t p, q, u, v, t;
    if constexpr (std::is_signed_v<X>) ONNX2MCU_M3_3X3("ldrsb");
    else ONNX2MCU_M3_3X3("ldrb");
  }
};

#undef ONNX2MCU_M3_ALIGN
#undef ONNX2MCU_M3_WEIGHTS
#undef ONNX2MCU_M3_PIXELS
#undef ONNX2MCU_M3_MACS
#undef ONNX2MCU_M3_TAP_2
#undef ONNX2MCU_M3_TAP_4
#undef ONNX2MCU_M3_OPERANDS_2
#undef ONNX2MCU_M3_OPERANDS_4
#undef ONNX2MCU_M3_LOOP
#undef ONNX2MCU_M3_ONE
#undef ONNX2MCU_M3_ROW
#undef ONNX2MCU_M3_ROWS_LOOP
#undef ONNX2MCU_M3_A
#undef ONNX2MCU_M3_ROWS
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
