// The sums of a 3 x 3 depthwise convolution on the DSP extension, for one output or two neighbours: 14 registers are the
// weights, the sums, two words of cells, and what the caller keeps for a whole band of rows.
#ifndef ONNX2MCU_CPU_DEPTHWISE_DSP_HPP
#define ONNX2MCU_CPU_DEPTHWISE_DSP_HPP

#include "dsp.hpp"

namespace onnx2mcu::cpu {

#if defined(__ARM_FEATURE_DSP) && defined(__OPTIMIZE__) && !defined(__OPTIMIZE_SIZE__) && !defined(ONNX2MCU_NO_ASM)

// p, q, then p again: the words of cells of row i from the first output's first cell on. w: weights (0, 1) of the row, v:
// (1, 2). The first row begins the sums from a1, which holds b, for there is no register to keep it in.
#define ONNX2MCU_DEPTHWISE_LOAD(to, i, word) "ldr %[" to "], [%[x], #(%c[at]+%c[row]*" i "+" word ")]\n\t"
#define ONNX2MCU_DEPTHWISE_P(i) ONNX2MCU_DEPTHWISE_LOAD("p", i, "0")
#define ONNX2MCU_DEPTHWISE_Q(i) ONNX2MCU_DEPTHWISE_LOAD("q", i, "4")
#define ONNX2MCU_DEPTHWISE_NEXT_P(i) ONNX2MCU_DEPTHWISE_LOAD("p", i, "8")
#define ONNX2MCU_DEPTHWISE_BEGIN(a, x, w) "smlad %[" a "], %[" x "], %[" w "], %[a1]\n\t"
#define ONNX2MCU_DEPTHWISE_BEGIN_UPPER(a, x, w) "smlatb %[" a "], %[" x "], %[" w "], %[a1]\n\t"
#define ONNX2MCU_DEPTHWISE_BOTH(a, x, w) "smlad %[" a "], %[" x "], %[" w "], %[" a "]\n\t"
#define ONNX2MCU_DEPTHWISE_UPPER(a, x, w) "smlatb %[" a "], %[" x "], %[" w "], %[" a "]\n\t"
#define ONNX2MCU_DEPTHWISE_LAST(a, x, v) "smlabt %[" a "], %[" x "], %[" v "], %[" a "]\n\t"

// M4: loads stand together. Cells 0 1 | 2 3 of two outputs side by side, 0 1 | 2 3 | 4 of two that are two cells apart.
#define ONNX2MCU_DEPTHWISE_M4_1(i, both, upper, w, v)                                                               \
  ONNX2MCU_DEPTHWISE_P(i) ONNX2MCU_DEPTHWISE_Q(i) both("a0", "p", w) upper("a1", "p", w)                            \
  ONNX2MCU_DEPTHWISE_LAST("a0", "q", v) ONNX2MCU_DEPTHWISE_BOTH("a1", "q", v)
#define ONNX2MCU_DEPTHWISE_M4_2(i, both, upper, w, v)                                                               \
  ONNX2MCU_DEPTHWISE_P(i) ONNX2MCU_DEPTHWISE_Q(i) both("a0", "p", w) ONNX2MCU_DEPTHWISE_NEXT_P(i)                   \
  both("a1", "q", w) ONNX2MCU_DEPTHWISE_LAST("a0", "q", v) ONNX2MCU_DEPTHWISE_LAST("a1", "p", v)
#define ONNX2MCU_DEPTHWISE_ONE(i, both, upper, w, v)                                                                \
  ONNX2MCU_DEPTHWISE_P(i) ONNX2MCU_DEPTHWISE_Q(i) both("a0", "p", w) ONNX2MCU_DEPTHWISE_LAST("a0", "q", v)
#define ONNX2MCU_DEPTHWISE_3_ROWS(row, begin, begin_upper)                                                                              \
  row("0", begin, begin_upper, "w0", "w1")                                      \
  row("1", ONNX2MCU_DEPTHWISE_BOTH, ONNX2MCU_DEPTHWISE_UPPER, "w2", "w3")          \
  row("2", ONNX2MCU_DEPTHWISE_BOTH, ONNX2MCU_DEPTHWISE_UPPER, "w4", "w5")

// M7: each load beside a multiplication, one row ahead of its use.
#define ONNX2MCU_DEPTHWISE_M7_1(both, upper, w, v, next_p, next_q)                                                  \
  both("a0", "p", w) upper("a1", "p", w) next_p ONNX2MCU_DEPTHWISE_LAST("a0", "q", v)                               \
  ONNX2MCU_DEPTHWISE_BOTH("a1", "q", v) next_q
#define ONNX2MCU_DEPTHWISE_M7_2(i, both, upper, w, v, next_p, next_q)                                               \
  both("a0", "p", w) ONNX2MCU_DEPTHWISE_NEXT_P(i) both("a1", "q", w) ONNX2MCU_DEPTHWISE_LAST("a0", "q", v) next_q   \
  ONNX2MCU_DEPTHWISE_LAST("a1", "p", v) next_p
#define ONNX2MCU_DEPTHWISE_M7_ROWS_1                                                                   \
  ONNX2MCU_DEPTHWISE_P("0") ONNX2MCU_DEPTHWISE_Q("0")                                                               \
  ONNX2MCU_DEPTHWISE_M7_1(ONNX2MCU_DEPTHWISE_BEGIN, ONNX2MCU_DEPTHWISE_BEGIN_UPPER, "w0", "w1", ONNX2MCU_DEPTHWISE_P("1"), ONNX2MCU_DEPTHWISE_Q("1"))            \
  ONNX2MCU_DEPTHWISE_M7_1(ONNX2MCU_DEPTHWISE_BOTH, ONNX2MCU_DEPTHWISE_UPPER, "w2", "w3", ONNX2MCU_DEPTHWISE_P("2"), \
                          ONNX2MCU_DEPTHWISE_Q("2"))                                                                \
  ONNX2MCU_DEPTHWISE_M7_1(ONNX2MCU_DEPTHWISE_BOTH, ONNX2MCU_DEPTHWISE_UPPER, "w4", "w5", "", "")
#define ONNX2MCU_DEPTHWISE_M7_ROWS_2                                                                   \
  ONNX2MCU_DEPTHWISE_P("0") ONNX2MCU_DEPTHWISE_Q("0")                                                               \
  ONNX2MCU_DEPTHWISE_M7_2("0", ONNX2MCU_DEPTHWISE_BEGIN, ONNX2MCU_DEPTHWISE_BEGIN_UPPER, "w0", "w1", ONNX2MCU_DEPTHWISE_P("1"), ONNX2MCU_DEPTHWISE_Q("1"))       \
  ONNX2MCU_DEPTHWISE_M7_2("1", ONNX2MCU_DEPTHWISE_BOTH, ONNX2MCU_DEPTHWISE_UPPER, "w2", "w3",                       \
                          ONNX2MCU_DEPTHWISE_P("2"), ONNX2MCU_DEPTHWISE_Q("2"))                                     \
  ONNX2MCU_DEPTHWISE_M7_2("2", ONNX2MCU_DEPTHWISE_BOTH, ONNX2MCU_DEPTHWISE_UPPER, "w4", "w5", "", "")

#define ONNX2MCU_DEPTHWISE_READS                                                                                    \
  [x] "r"(x), [w0] "r"(w[0]), [w1] "r"(w[1]), [w2] "r"(w[2]), [w3] "r"(w[3]), [w4] "r"(w[4]), [w5] "r"(w[5]),       \
      [b] "m"(start), [row] "i"(row), [at] "i"(at), "m"(*reinterpret_cast<const std::int16_t(*)[row + at / 2 + 6]>(x))
#define ONNX2MCU_DEPTHWISE_SUMS(text)                                                                               \
  asm("ldr %[a1], %[b]\n\t" text : [a0] "=&r"(acc[0]), [a1] "=&r"(acc[1]), [p] "=&r"(p), [q] "=&r"(q) : ONNX2MCU_DEPTHWISE_READS)
#define ONNX2MCU_DEPTHWISE_SUM()                                                                                    \
  asm("ldr %[a0], %[b]\n\t"                                                                                       \
      ONNX2MCU_DEPTHWISE_3_ROWS(ONNX2MCU_DEPTHWISE_ONE, ONNX2MCU_DEPTHWISE_BOTH, )                                   \
      : [a0] "=&r"(acc[0]), [p] "=&r"(p), [q] "=&r"(q) : ONNX2MCU_DEPTHWISE_READS)

/// `outputs` sums from `start` on, `stride` cells apart, the first one's cells `at` bytes from x; x is aligned like a word.
/// Rows of cells lie `row` bytes apart. w: by row the weights (0, 1) and (1, 2).
struct DepthwiseM4 : Dsp {
  template <int outputs, int stride, int row, int at>
  static ONNX2MCU_INLINE void depthwise_3x3(std::int32_t (&acc)[outputs], const std::int16_t* x, const std::int32_t* w, const std::int32_t& start) noexcept {
    std::uint32_t p, q;
    if constexpr (outputs == 1) ONNX2MCU_DEPTHWISE_SUM();
    else if constexpr (stride == 1) ONNX2MCU_DEPTHWISE_SUMS(ONNX2MCU_DEPTHWISE_3_ROWS(ONNX2MCU_DEPTHWISE_M4_1, ONNX2MCU_DEPTHWISE_BEGIN, ONNX2MCU_DEPTHWISE_BEGIN_UPPER));
    else ONNX2MCU_DEPTHWISE_SUMS(ONNX2MCU_DEPTHWISE_3_ROWS(ONNX2MCU_DEPTHWISE_M4_2, ONNX2MCU_DEPTHWISE_BEGIN, ONNX2MCU_DEPTHWISE_BEGIN_UPPER));
  }
};
struct DepthwiseM7 : Dsp {
  template <int outputs, int stride, int row, int at>
  static ONNX2MCU_INLINE void depthwise_3x3(std::int32_t (&acc)[outputs], const std::int16_t* x, const std::int32_t* w, const std::int32_t& start) noexcept {
    std::uint32_t p, q;
    if constexpr (outputs == 1) ONNX2MCU_DEPTHWISE_SUM();
    else if constexpr (stride == 1) ONNX2MCU_DEPTHWISE_SUMS(ONNX2MCU_DEPTHWISE_M7_ROWS_1);
    else ONNX2MCU_DEPTHWISE_SUMS(ONNX2MCU_DEPTHWISE_M7_ROWS_2);
  }
};

#undef ONNX2MCU_DEPTHWISE_LOAD
#undef ONNX2MCU_DEPTHWISE_P
#undef ONNX2MCU_DEPTHWISE_Q
#undef ONNX2MCU_DEPTHWISE_NEXT_P
#undef ONNX2MCU_DEPTHWISE_BEGIN
#undef ONNX2MCU_DEPTHWISE_BEGIN_UPPER
#undef ONNX2MCU_DEPTHWISE_BOTH
#undef ONNX2MCU_DEPTHWISE_UPPER
#undef ONNX2MCU_DEPTHWISE_LAST
#undef ONNX2MCU_DEPTHWISE_M4_1
#undef ONNX2MCU_DEPTHWISE_M4_2
#undef ONNX2MCU_DEPTHWISE_ONE
#undef ONNX2MCU_DEPTHWISE_3_ROWS
#undef ONNX2MCU_DEPTHWISE_M7_1
#undef ONNX2MCU_DEPTHWISE_M7_2
#undef ONNX2MCU_DEPTHWISE_M7_ROWS_1
#undef ONNX2MCU_DEPTHWISE_M7_ROWS_2
#undef ONNX2MCU_DEPTHWISE_READS
#undef ONNX2MCU_DEPTHWISE_SUMS
#undef ONNX2MCU_DEPTHWISE_SUM

#else

using DepthwiseM4 = Dsp;
using DepthwiseM7 = Dsp;

#endif

}  // namespace onnx2mcu::cpu

#endif
