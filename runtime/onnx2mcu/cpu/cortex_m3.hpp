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

// A step of two rows of weights (u, v) and two pixels (x, z): 34 bytes of code, as many as the flash delivers in its 13 cycles.
#define ONNX2MCU_M3_STEP(i, sum0, sum1, sum2, sum3)                                                                     \
  "ldr %[u], [%[w], #8*" i "]\n\tldr %[v], [%[w], #8*" i "+4]\n\tldr %[x], [%[p], #4*" i "]\n\tldr %[z], [%[q], #4*" i "]\n\t" \
  "mul %[t], %[u], %[x]\n\t" sum0 "muls %[x], %[v], %[x]\n\t" sum1 "muls %[u], %[z], %[u]\n\t" sum2 "muls %[z], %[v], %[z]\n\t" sum3
#define ONNX2MCU_M3_FIRST_STEP                                                                                        \
  ONNX2MCU_M3_STEP("0", "asr %[a0], %[t], #16\n\t", "asr %[a1], %[x], #16\n\t", "asr %[a2], %[u], #16\n\t",               \
                   "asr %[a3], %[z], #16\n\t")
#define ONNX2MCU_M3_NEXT_STEP(i)                                                                                      \
  ONNX2MCU_M3_STEP(i, "add %[a0], %[a0], %[t], asr #16\n\t", "add %[a1], %[a1], %[x], asr #16\n\t",                     \
                   "add %[a2], %[a2], %[u], asr #16\n\t", "add %[a3], %[a3], %[z], asr #16\n\t")
#define ONNX2MCU_M3_IF_STEP(i) ".if %c[steps] > " i "\n\t" ONNX2MCU_M3_NEXT_STEP(i) ".endif\n\t"
#define ONNX2MCU_M3_MORE_STEPS                                                                                        \
  ONNX2MCU_M3_IF_STEP("1") ONNX2MCU_M3_IF_STEP("2") ONNX2MCU_M3_IF_STEP("3") ONNX2MCU_M3_IF_STEP("4")                   \
  ONNX2MCU_M3_IF_STEP("5") ONNX2MCU_M3_IF_STEP("6") ONNX2MCU_M3_IF_STEP("7") ONNX2MCU_M3_IF_STEP("8")                   \
  ONNX2MCU_M3_IF_STEP("9") ONNX2MCU_M3_IF_STEP("10") ONNX2MCU_M3_IF_STEP("11") ONNX2MCU_M3_IF_STEP("12")                \
  ONNX2MCU_M3_IF_STEP("13") ONNX2MCU_M3_IF_STEP("14")
// e: where the weights begin if there is one round, else where they end.
#define ONNX2MCU_M3_ROUNDS                                                                                            \
  ".if %c[rounds] == 1\n\t" ONNX2MCU_M3_FIRST_STEP ONNX2MCU_M3_MORE_STEPS                                               \
  ".else\n\tmov %[a0], #0\n\tmov %[a1], #0\n\tmov %[a2], #0\n\tmov %[a3], #0\n\t.balign 8\n\t1:\n\t"                          \
  ONNX2MCU_M3_NEXT_STEP("0") ONNX2MCU_M3_MORE_STEPS                                                                    \
  "adds %[w], #8*%c[steps]\n\tadds %[p], #4*%c[steps]\n\tadds %[q], #4*%c[steps]\n\tcmp %[w], %[e]\n\tbne 1b\n\t"           \
  "sub %[p], %[p], #4*%c[steps]*%c[rounds]\n\tsub %[q], %[q], #4*%c[steps]*%c[rounds]\n\t.endif\n\t"
#define ONNX2MCU_M3_EXTRAS                                                                                            \
  ".if %c[forms] & 2\n\t.if %c[rounds] == 1\n\tadd %[w], %[w], #8*%c[steps]\n\t.endif\n\t"                                 \
  "ldr %[t], %[extra_end]\n\tcmp %[w], %[t]\n\tbeq 3f\n\t"                                                              \
  "2:\n\tldr %[u], [%[w]], #4\n\tuxth %[x], %[u]\n\tsbfx %[v], %[u], #16, #8\n\tldrh %[z], [%[q], %[x]]\n\t"                 \
  "ldrh %[x], [%[p], %[x]]\n\tasrs %[u], %[u], #24\n\tmla %[a0], %[x], %[v], %[a0]\n\tmla %[a1], %[x], %[u], %[a1]\n\t"        \
  "mla %[a2], %[z], %[v], %[a2]\n\tmla %[a3], %[z], %[u], %[a3]\n\tcmp %[w], %[t]\n\tbne 2b\n\t3:\n\t.endif\n\t"
#define ONNX2MCU_M3_OUTPUT(a, multiplier, at)                                                                         \
  "smull %[u], %[" a "], %[" multiplier "], %[" a "]\n\t"                                                              \
  ".if %c[forms] & 1\n\tssat %[" a "], #8, %[" a "], asr #(%c[shifts] & 31)\n\t.else\n\tusat %[" a "], #8, %[" a "], asr #(%c[shifts] & 31)\n\t.endif\n\t" \
  "strb %[" a "], [%[y], #" at "]\n\t"
#define ONNX2MCU_M3_PIXELS                                                                                            \
  ".if %c[rounds] > 1\n\tsub %[w], %[e], #8*%c[steps]*%c[rounds]\n\t.else\n\tmov %[w], %[e]\n\t.endif\n\t"                  \
  "add %[q], %[p], #%c[pixel]\n\t" ONNX2MCU_M3_ALIGN "0:\n\t" ONNX2MCU_M3_ROUNDS ONNX2MCU_M3_EXTRAS                     \
  "ldr %[u], %[start0]\n\tldr %[v], %[multiplier0]\n\tldr %[x], %[start1]\n\tldr %[z], %[multiplier1]\n\tldr %[t], %[stop]\n\t" \
  ".if %c[rounds] > 1\n\tsub %[w], %[e], #8*%c[steps]*%c[rounds]\n\t.elseif %c[forms] & 2\n\tmov %[w], %[e]\n\t.endif\n\t"       \
  "add %[p], %[p], #2*%c[pixel]\n\tadd %[q], %[q], #2*%c[pixel]\n\t"                                                    \
  ".if %c[forms] & 8\n\tcmp %[t], #0\n\tbeq 5f\n\t.endif\n\t"                                                              \
  "add %[a0], %[u], %[a0], lsl #(%c[shifts] >> 5)\n\tadd %[a2], %[u], %[a2], lsl #(%c[shifts] >> 5)\n\t"                                  \
  "add %[a1], %[x], %[a1], lsl #(%c[shifts] >> 5)\n\tadd %[a3], %[x], %[a3], lsl #(%c[shifts] >> 5)\n\t"                                  \
  ONNX2MCU_M3_OUTPUT("a0", "v", "0") ONNX2MCU_M3_OUTPUT("a1", "z", "1")                                                \
  ".if %c[forms] & 4\n\tldr %[u], %[half]\n\tcmp %[y], %[u]\n\tbeq 4f\n\t.endif\n\t"                                            \
  ONNX2MCU_M3_OUTPUT("a2", "v", "%c[out_c]") ONNX2MCU_M3_OUTPUT("a3", "z", "%c[out_c]+1")                               \
  "4:\n\tadd %[y], %[y], #2*%c[out_c]\n\tcmp %[y], %[t]\n\tbne 0b\n\t5:\n\t"

// A word of weights in register w becomes two: 16 bytes of code for the 6 cycles of the core.
#define ONNX2MCU_M3_WIDEN(w, at)                                                                                      \
  "and %[t], %[mask], %[" w "]\n\tand %[" w "], %[mask], %[" w "], lsr #8\n\tsubs %[t], %[t], %[zeros]\n\t"               \
  "subs %[" w "], %[" w "], %[zeros]\n\tstr %[t], [%[to], #" at "]\n\tstr %[" w "], [%[to], #" at "+4]\n\t"

// A word of weights of a pair of rows: its bytes 0 and 2 with one input, 1 and 3 with the next. The words of all pairs are
// loaded together: the flash delivers the second one while the core would wait for the first.
#define ONNX2MCU_M3_EVEN(p)                                                                                           \
  "and %[t], %[w" p "], %[mask]\n\tmuls %[t], %[input], %[t]\n\tadds %[a" p "], %[a" p "], %[t]\n\t"                      \
  "add %[b" p "], %[b" p "], %[t], lsr #16\n\t"
#define ONNX2MCU_M3_ODD(p)                                                                                            \
  "and %[w" p "], %[mask], %[w" p "], lsr #8\n\tmuls %[w" p "], %[input], %[w" p "]\n\t"                                   \
  "adds %[a" p "], %[a" p "], %[w" p "]\n\tadd %[b" p "], %[b" p "], %[w" p "], lsr #16\n\t"
#define ONNX2MCU_M3_WORDS_1 "ldr %[w0], [%[w]], #4\n\t"
#define ONNX2MCU_M3_WORDS_2 "ldrd %[w0], %[w1], [%[w]], #8\n\t"
#define ONNX2MCU_M3_WORDS_3 "ldmia %[w]!, {%[w0], %[w1], %[w2]}\n\t"
#define ONNX2MCU_M3_EVENS_1 ONNX2MCU_M3_EVEN("0")
#define ONNX2MCU_M3_EVENS_2 ONNX2MCU_M3_EVENS_1 ONNX2MCU_M3_EVEN("1")
#define ONNX2MCU_M3_EVENS_3 ONNX2MCU_M3_EVENS_2 ONNX2MCU_M3_EVEN("2")
#define ONNX2MCU_M3_ODDS_1 ONNX2MCU_M3_ODD("0")
#define ONNX2MCU_M3_ODDS_2 ONNX2MCU_M3_ODDS_1 ONNX2MCU_M3_ODD("1")
#define ONNX2MCU_M3_ODDS_3 ONNX2MCU_M3_ODDS_2 ONNX2MCU_M3_ODD("2")
#define ONNX2MCU_M3_QUAD(flip, count, first)                                                                          \
  "ldrb %[input], [%[x], #4*" first "]\n\t" flip ONNX2MCU_M3_WORDS_##count ONNX2MCU_M3_EVENS_##count                     \
  "ldrb %[input], [%[x], #4*" first "+1]\n\t" flip ONNX2MCU_M3_ODDS_##count                                             \
  "ldrb %[input], [%[x], #4*" first "+2]\n\t" flip ONNX2MCU_M3_WORDS_##count ONNX2MCU_M3_EVENS_##count                   \
  "ldrb %[input], [%[x], #4*" first "+3]\n\t" flip ONNX2MCU_M3_ODDS_##count
#define ONNX2MCU_M3_QUADS(text, count, ...)                                                                           \
  asm volatile(ONNX2MCU_M3_ALIGN "0:\n\t" text "ldr %[t], %[end]\n\tadd %[x], %[x], #4*" count "\n\tcmp %[x], %[t]\n\tbne 0b\n\t"  \
               : __VA_ARGS__, [x] "+r"(x), [w] "+r"(w), [input] "=&l"(input), [t] "=&l"(t)                             \
               : [end] "m"(end), [mask] "r"(0x00FF00FFU) : "memory", "cc")
#define ONNX2MCU_M3_PAIRED(flip, count, ...)                                                                          \
  if constexpr (quads % 2 == 0)                                                                                       \
    ONNX2MCU_M3_QUADS(ONNX2MCU_M3_QUAD(flip, count, "0") ONNX2MCU_M3_QUAD(flip, count, "1"), "2", __VA_ARGS__);         \
  else                                                                                                                \
    ONNX2MCU_M3_QUADS(ONNX2MCU_M3_QUAD(flip, count, "0"), "1", __VA_ARGS__)
#define ONNX2MCU_M3_SUMS(i, word) [a##i] "+l"(whole[i]), [b##i] "+r"(upper[i]), [w##i] "=&l"(word)
#define ONNX2MCU_M3_PRODUCTS(flip)                                                                                    \
  if constexpr (pairs == 1) { ONNX2MCU_M3_PAIRED(flip, 1, ONNX2MCU_M3_SUMS(0, w0)); }                                 \
  else if constexpr (pairs == 2) { ONNX2MCU_M3_PAIRED(flip, 2, ONNX2MCU_M3_SUMS(0, w0), ONNX2MCU_M3_SUMS(1, w1)); }   \
  else { ONNX2MCU_M3_PAIRED(flip, 3, ONNX2MCU_M3_SUMS(0, w0), ONNX2MCU_M3_SUMS(1, w1), ONNX2MCU_M3_SUMS(2, w2)); }

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

  static ONNX2MCU_INLINE std::uint32_t in_register(std::uint32_t constant) noexcept {
    asm("" : "+r"(constant));
    return constant;
  }

  template <int words>
  static ONNX2MCU_INLINE void widen_words(const std::int8_t* from, std::uint8_t* to) noexcept {
    if constexpr (words >= 4) {
      const std::int8_t* const end = from + words / 4 * 16;
      // ldmia fills registers in their order.
      register std::uint32_t w0 asm("r0"), w1 asm("r1"), w2 asm("r2"), w3 asm("r3");
      std::uint32_t t;
      asm volatile(ONNX2MCU_M3_ALIGN "0:\n\tldmia %[from]!, {%[w0], %[w1], %[w2], %[w3]}\n\t" ONNX2MCU_M3_WIDEN("w0", "0")
                   ONNX2MCU_M3_WIDEN("w1", "8") ONNX2MCU_M3_WIDEN("w2", "16") ONNX2MCU_M3_WIDEN("w3", "24")
                   "adds %[to], #32\n\tcmp %[from], %[end]\n\tbne 0b\n\t"
                   : [from] "+r"(from), [to] "+l"(to), [w0] "=&l"(w0), [w1] "=&l"(w1), [w2] "=&l"(w2), [w3] "=&l"(w3), [t] "=&l"(t)
                   : [end] "r"(end), [mask] "r"(0x00FF00FFU), [zeros] "l"(0x00800080U) : "memory", "cc");
    }
    if constexpr (words % 4 != 0) Portable::widen_words<words % 4>(from, to);
  }

  /// Whether pixel_pairs can reach everything by immediate offsets.
  template <class Loop>
  static constexpr bool has_pixel_pairs = Loop::steps <= 15 && 8 * Loop::steps * Loop::rounds < 4096 && 2 * Loop::pixel < 4096 &&
                                          2 * Loop::out_c < 4096 && Loop::shift > 0 && Loop::shift < 32 && Loop::scale_bits > 0;

  /// See pixel_pairs in blocked_conv2d.hpp.
  template <class Loop, class Y>
  static ONNX2MCU_INLINE void pixel_pairs(std::int32_t (&a)[4], const std::uint8_t*& p, Y*& y, const Y* stop, const Y* half, const std::uint8_t* w, const std::uint8_t* extra_end, const std::int32_t (&start)[2], const std::int32_t (&multiplier)[2]) noexcept {
    constexpr int forms = Loop::negative + 2 * Loop::extras + 4 * Loop::odd + 8 * Loop::careful, shifts = 32 * Loop::scale_bits + Loop::shift;
    const std::uint8_t *q, *weights, *const e = Loop::rounds == 1 ? w : w + 8 * Loop::steps * Loop::rounds;
    std::int32_t u, v, x, z, t;
    asm volatile(ONNX2MCU_M3_PIXELS
                 : [a0] "=&r"(a[0]), [a1] "=&r"(a[1]), [a2] "=&r"(a[2]), [a3] "=&r"(a[3]), [p] "+l"(p), [q] "=&l"(q), [w] "=&l"(weights), [y] "+r"(y), [u] "=&l"(u),
                   [v] "=&l"(v), [x] "=&l"(x), [z] "=&l"(z), [t] "=&r"(t)
                 : [e] "r"(e), [stop] "m"(stop), [half] "m"(half), [extra_end] "m"(extra_end), [start0] "m"(start[0]), [start1] "m"(start[1]),
                   [multiplier0] "m"(multiplier[0]), [multiplier1] "m"(multiplier[1]), [steps] "i"(Loop::steps), [rounds] "i"(Loop::rounds),
                   [pixel] "i"(Loop::pixel), [out_c] "i"(Loop::out_c),
                   [shifts] "i"(shifts), [forms] "i"(forms)
                 : "memory", "cc");
  }

  template <int pairs, int quads, class X>
  static ONNX2MCU_INLINE void paired_products(std::uint32_t (&whole)[pairs], std::uint32_t (&upper)[pairs], const X*& x, const std::uint8_t*& w) noexcept {
    static_assert(pairs <= 3, "the sums leave no more registers");
    const X* const end = x + 4 * quads;
    // ldmia fills registers in their order.
    [[maybe_unused]] register std::uint32_t w0 asm("r0"), w1 asm("r1"), w2 asm("r2");
    std::uint32_t input, t;
    if constexpr (std::is_signed_v<X>) { ONNX2MCU_M3_PRODUCTS("eor %[input], %[input], #0x80\n\t") }
    else { ONNX2MCU_M3_PRODUCTS("") }
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
#undef ONNX2MCU_M3_FIRST_STEP
#undef ONNX2MCU_M3_NEXT_STEP
#undef ONNX2MCU_M3_IF_STEP
#undef ONNX2MCU_M3_MORE_STEPS
#undef ONNX2MCU_M3_ROUNDS
#undef ONNX2MCU_M3_EXTRAS
#undef ONNX2MCU_M3_OUTPUT
#undef ONNX2MCU_M3_PIXELS
#undef ONNX2MCU_M3_WIDEN
#undef ONNX2MCU_M3_EVEN
#undef ONNX2MCU_M3_ODD
#undef ONNX2MCU_M3_WORDS_1
#undef ONNX2MCU_M3_WORDS_2
#undef ONNX2MCU_M3_WORDS_3
#undef ONNX2MCU_M3_EVENS_1
#undef ONNX2MCU_M3_EVENS_2
#undef ONNX2MCU_M3_EVENS_3
#undef ONNX2MCU_M3_ODDS_1
#undef ONNX2MCU_M3_ODDS_2
#undef ONNX2MCU_M3_ODDS_3
#undef ONNX2MCU_M3_QUAD
#undef ONNX2MCU_M3_QUADS
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
