// Cortex-M3: no SIMD, but a 32-bit multiply-accumulate in two cycles. Neighbouring loads cost one cycle each, plus one a
// group, so they stand together; the flash feeds eight bytes of instructions in three cycles.
#ifndef ONNX2MCU_CPU_CORTEX_M3_HPP
#define ONNX2MCU_CPU_CORTEX_M3_HPP

#include <type_traits>

#include "portable.hpp"

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

// Cells i and j of the columns; m, n: the weights that cell meets in the first and in the second pixel.
#define ONNX2MCU_M3_CELLS(load, i, j) load " %[p], [%[x], #(4*" i ")]\n\t" load " %[q], [%[x], #(4*" j ")]\n\t"
#define ONNX2MCU_M3_CELL(pixel, a, w) "mla %[" a "], %[" pixel "], %[" w "], %[" a "]\n\t"
#define ONNX2MCU_M3_3X3(load)                                                                                          \
  asm(ONNX2MCU_M3_CELLS(load, "0", "1") ONNX2MCU_M3_CELL("p", "a0", "w0") ONNX2MCU_M3_CELL("q", "a0", "w1")           \
      ONNX2MCU_M3_CELLS(load, "2", "9") ONNX2MCU_M3_CELL("p", "a0", "w2") ONNX2MCU_M3_CELL("q", "a1", "w6")           \
      ONNX2MCU_M3_CELLS(load, "3", "4") ONNX2MCU_M3_CELL("p", "a0", "w3") ONNX2MCU_M3_CELL("p", "a1", "w0")           \
      ONNX2MCU_M3_CELL("q", "a0", "w4") ONNX2MCU_M3_CELL("q", "a1", "w1")                                             \
      ONNX2MCU_M3_CELLS(load, "5", "6") ONNX2MCU_M3_CELL("p", "a0", "w5") ONNX2MCU_M3_CELL("p", "a1", "w2")           \
      ONNX2MCU_M3_CELL("q", "a0", "w6") ONNX2MCU_M3_CELL("q", "a1", "w3")                                             \
      ONNX2MCU_M3_CELLS(load, "7", "8") ONNX2MCU_M3_CELL("p", "a0", "w7") ONNX2MCU_M3_CELL("p", "a1", "w4")           \
      ONNX2MCU_M3_CELL("q", "a0", "w8") ONNX2MCU_M3_CELL("q", "a1", "w5")                                             \
      ONNX2MCU_M3_CELLS(load, "10", "11") ONNX2MCU_M3_CELL("p", "a1", "w7") ONNX2MCU_M3_CELL("q", "a1", "w8")         \
      : [a0] "+r"(a[0]), [a1] "+r"(a[1]), [p] "=&r"(p), [q] "=&r"(q)                                                  \
      : [x] "r"(x), [w0] "r"(w[0]), [w1] "r"(w[1]), [w2] "r"(w[2]), [w3] "r"(w[3]), [w4] "r"(w[4]), [w5] "r"(w[5]),   \
        [w6] "r"(w[6]), [w7] "r"(w[7]), [w8] "r"(w[8]), "m"(*reinterpret_cast<const X(*)[48]>(x)))

struct CortexM3 : Portable {
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

  template <class X>
  static ONNX2MCU_INLINE void mac_3x3(std::int32_t (&a)[2], const X* x, const std::int32_t (&w)[9]) noexcept {
    std::int32_t p, q;
    if constexpr (std::is_signed_v<X>) ONNX2MCU_M3_3X3("ldrsb");
    else ONNX2MCU_M3_3X3("ldrb");
  }

  static ONNX2MCU_INLINE std::int32_t ssat8(std::int32_t v) noexcept {
    std::int32_t r;
    asm("ssat %0, #8, %1" : "=r"(r) : "r"(v));
    return r;
  }
  static ONNX2MCU_INLINE std::int32_t usat8(std::int32_t v) noexcept {
    std::int32_t r;
    asm("usat %0, #8, %1" : "=r"(r) : "r"(v));
    return r;
  }
};

#undef ONNX2MCU_M3_WEIGHTS
#undef ONNX2MCU_M3_PIXELS
#undef ONNX2MCU_M3_MACS
#undef ONNX2MCU_M3_TAP_2
#undef ONNX2MCU_M3_TAP_4
#undef ONNX2MCU_M3_OPERANDS_2
#undef ONNX2MCU_M3_OPERANDS_4
#undef ONNX2MCU_M3_LOOP
#undef ONNX2MCU_M3_ONE
#undef ONNX2MCU_M3_ALIGN
#undef ONNX2MCU_M3_ROW
#undef ONNX2MCU_M3_ROWS_LOOP
#undef ONNX2MCU_M3_A
#undef ONNX2MCU_M3_ROWS
#undef ONNX2MCU_M3_CELLS
#undef ONNX2MCU_M3_CELL
#undef ONNX2MCU_M3_3X3

#else

struct CortexM3 : Portable {
  static constexpr bool has_fpu = false, vectorizes = false;
};

#endif

}  // namespace onnx2mcu::cpu

#endif
