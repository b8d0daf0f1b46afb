// The DSP extension of Cortex-M4 and M7: the real instructions where the compiler targets it, their emulation
// (cpu/portable.hpp) elsewhere, so that code generated for these cores also runs on a PC.
#ifndef ONNX2MCU_CPU_DSP_HPP
#define ONNX2MCU_CPU_DSP_HPP

#include "thumb2.hpp"

namespace onnx2mcu::cpu {

#if defined(__ARM_FEATURE_DSP) && defined(__ARM_FP) && !defined(__ARM_ARCH_PROFILE_A)

// Plain asm, not volatile: the compiler schedules and shares these like any other instruction.
#define ONNX2MCU_DSP_3(name, instruction)                                                                            \
  static ONNX2MCU_INLINE std::int32_t name(std::uint32_t a, std::uint32_t b, std::int32_t acc) noexcept {            \
    std::int32_t r;                                                                                                  \
    asm(instruction " %0, %1, %2, %3" : "=r"(r) : "r"(a), "r"(b), "r"(acc));                                         \
    return r;                                                                                                        \
  }
#define ONNX2MCU_DSP_2(name, instruction)                                                                            \
  static ONNX2MCU_INLINE std::uint32_t name(std::uint32_t a, std::uint32_t b) noexcept {                             \
    std::uint32_t r;                                                                                                 \
    asm(instruction " %0, %1, %2" : "=r"(r) : "r"(a), "r"(b));                                                       \
    return r;                                                                                                        \
  }
#define ONNX2MCU_DSP_1(name, instruction, suffix)                                                                    \
  static ONNX2MCU_INLINE std::uint32_t name(std::uint32_t a) noexcept {                                              \
    std::uint32_t r;                                                                                                 \
    asm(instruction " %0, %1" suffix : "=r"(r) : "r"(a));                                                            \
    return r;                                                                                                        \
  }
// Four columns of Winograd's tiles one after the other, for 2 rows x 4 tiles each: the sums of places 2, 1 and 0 of the column
// (p2, p1, p0) and p3, and from them p0 + p1 + p2 and p2 + p3 - p1. body adds up the steps of a place (with a loop to
// label 2 if they are more than it has). What finds no register waits in s0 to s3, p2 in s16 on, p1 + p2 in s24 on.
#define ONNX2MCU_DSP_TO_FPU(s0, s1, s2, s3, s4, s5, s6, s7)                                                          \
  "vmov " s0 ", %[a0]\n\tvmov " s1 ", %[a1]\n\tvmov " s2 ", %[a2]\n\tvmov " s3 ", %[a3]\n\t"                             \
  "vmov " s4 ", %[b0]\n\tvmov " s5 ", %[b1]\n\tvmov " s6 ", %[b2]\n\tvmov " s7 ", %[b3]\n\t"
#define ONNX2MCU_DSP_STORE_COLUMN(n)                                                                                 \
  "str %[a0], [%[p], #" n "]\n\tstr %[a1], [%[p], #32+" n "]\n\tstr %[a2], [%[p], #64+" n "]\n\tstr %[a3], [%[p], #96+" n "]\n\t" \
  "str %[b0], [%[p], #128+" n "]\n\tstr %[b1], [%[p], #160+" n "]\n\tstr %[b2], [%[p], #192+" n "]\n\tstr %[b3], [%[p], #224+" n "]\n\t"
#define ONNX2MCU_DSP_COLUMNS(before, body, loop)                                                                     \
  asm volatile("vmov %[p], %[first]\n\tvmov s0, %[p]\n\tadd %[p], %[p], #16\n\tvmov s1, %[p]\n\t"                    \
               "1:\n\tmov %[a0], #0\n\tmov %[a1], #0\n\tmov %[a2], #0\n\tmov %[a3], #0\n\t"                         \
               "mov %[b0], #0\n\tmov %[b1], #0\n\tmov %[b2], #0\n\tmov %[b3], #0\n\tbl 0f\n\t"                      \
               ONNX2MCU_DSP_TO_FPU("s16", "s17", "s18", "s19", "s20", "s21", "s22", "s23") "bl 0f\n\t"              \
               ONNX2MCU_DSP_TO_FPU("s24", "s25", "s26", "s27", "s28", "s29", "s30", "s31") "bl 0f\n\t"              \
               "vmov %[p], s0\n\t" ONNX2MCU_DSP_STORE_COLUMN("0")                                                   \
               "vmov %[a0], s24\n\tvmov %[a1], s25\n\tvmov %[a2], s26\n\tvmov %[a3], s27\n\t"                     \
               "vmov %[b0], s28\n\tvmov %[b1], s29\n\tvmov %[b2], s30\n\tvmov %[b3], s31\n\t"                     \
               "vmov %[p], s16\n\tvmov %[q], s17\n\tvmov %[h], s18\n\tvmov %[g], s19\n\t"                         \
               "rsb %[a0], %[a0], %[p], lsl #1\n\trsb %[a1], %[a1], %[q], lsl #1\n\t"                              \
               "rsb %[a2], %[a2], %[h], lsl #1\n\trsb %[a3], %[a3], %[g], lsl #1\n\t"                              \
               "vmov %[p], s20\n\tvmov %[q], s21\n\tvmov %[h], s22\n\tvmov %[g], s23\n\t"                         \
               "rsb %[b0], %[b0], %[p], lsl #1\n\trsb %[b1], %[b1], %[q], lsl #1\n\t"                              \
               "rsb %[b2], %[b2], %[h], lsl #1\n\trsb %[b3], %[b3], %[g], lsl #1\n\tbl 0f\n\t"                    \
               "vmov %[p], s0\n\tvmov %[q], s1\n\t" ONNX2MCU_DSP_STORE_COLUMN("16")                               \
               "add %[p], %[p], #4\n\tvmov s0, %[p]\n\tcmp %[p], %[q]\n\tbne 1b\n\tb 3f\n\t"                    \
               ".balign 4\n\t0:\n\tvmov s3, %[g]\n\t" before "2:\n\t" body loop "vmov %[g], s3\n\tbx %[g]\n\t3:"   \
               : ONNX2MCU_DSP_4X2_OPERANDS                                                                          \
               : [bytes] "i"(8 * steps), [first] "t"(first.value)                                                   \
               : "memory", "cc", "s0", "s1", "s2", "s3", "s16", "s17", "s18", "s19", "s20", "s21", "s22", "s23",     \
                 "s24", "s25", "s26", "s27", "s28", "s29", "s30", "s31")
#define ONNX2MCU_DSP_COLUMNS_BEFORE "add %[h], %[w], #%c[bytes]\n\tvmov s2, %[h]\n\t"
#define ONNX2MCU_DSP_COLUMNS_LOOP ONNX2MCU_CORE_END("s2") "bne 2b\n\t"
// The body until w is `bytes` further; the end waits in s15, for the body takes every other register.
#define ONNX2MCU_DSP_END(body)                                                                                       \
  "add %[h], %[w], #%c[bytes]\n\tvmov s15, %[h]\n\t0:\n\t" body ONNX2MCU_CORE_END("s15") "bne 0b\n\t"
// A loop that takes all 14 registers names them: left to choose, GCC 12 finds it impossible at times.
#define ONNX2MCU_DSP_4X2_REGISTERS                                                                                   \
  register std::int32_t a0 asm("r0") = a[0], a1 asm("r1") = a[1], a2 asm("r2") = a[2], a3 asm("r3") = a[3],          \
                        b0 asm("r4") = a[4], b1 asm("r5") = a[5], b2 asm("r6") = a[6], b3 asm("r7") = a[7];          \
  register auto x asm("r8") = inputs;                                                                                 \
  register auto w asm("r9") = weights;                                                                                \
  register std::uint32_t p asm("r10"), q asm("r11"), h asm("r12"), g asm("lr")
#define ONNX2MCU_DSP_4X2_OPERANDS                                                                                    \
  [a0] "+r"(a0), [a1] "+r"(a1), [a2] "+r"(a2), [a3] "+r"(a3), [b0] "+r"(b0), [b1] "+r"(b1), [b2] "+r"(b2),            \
      [b3] "+r"(b3), [x] "+r"(x), [w] "+r"(w), [p] "=&r"(p), [q] "=&r"(q), [h] "=&r"(h), [g] "=&r"(g)
#define ONNX2MCU_DSP_8X1_OPERANDS                                                                                    \
  [a0] "+r"(a0), [a1] "+r"(a1), [a2] "+r"(a2), [a3] "+r"(a3), [a4] "+r"(b0), [a5] "+r"(b1), [a6] "+r"(b2),            \
      [a7] "+r"(b3), [x] "+r"(x), [w] "+r"(w), [x0] "=&r"(p), [x1] "=&r"(q), [h] "=&r"(h), [g] "=&r"(g)
#define ONNX2MCU_DSP_4X2_RESULTS                                                                                     \
  a[0] = a0, a[1] = a1, a[2] = a2, a[3] = a3, a[4] = b0, a[5] = b1, a[6] = b2, a[7] = b3, inputs = x, weights = w

// Pairs of pixels, one after the other, with four rows: what they start from, their multipliers, addends and doubts wait in
// s16 to s19, s0 to s3, s4 to s7 and s8 to s11; the weights' beginning and end, the output and the last pair's end in s12 to s15.
// GCC takes 30 operands: [rest] holds the steps behind the rounds in three bits, above them the rounds.
#define ONNX2MCU_DSP_PAIRS(start_load, load, sums, finish, end)                                                                  \
  start_load "vldmia %[a1], {s0-s3}\n\tvldmia %[a2], {s4-s7}\n\t" load "vmov s12, %[w]\n\t"          \
  "add %[h], %[w], #(8*%c[n]*(%c[rest]>>3))\n\tvmov s13, %[h]\n\tvmov s14, %[a3]\n\tvmov s15, %[b0]\n\t"                \
  ONNX2MCU_CORE_PAIR_BEGIN ".p2align 2\n\t1:\n\t" sums finish ONNX2MCU_CORE_PAIR_NEXT end                            \
  : [a0] "+r"(a0), [a1] "+r"(a1), [a2] "+r"(a2), [a3] "+r"(a3), [b0] "+r"(b0), [b1] "+r"(b1), [b2] "=&r"(b2),         \
    [b3] "=&r"(b3), [x] "+r"(x), [w] "+r"(w), [p] "=&r"(p), [q] "=&r"(q), [h] "=&r"(h), [g] "=&r"(g)                   \
  : [n] "i"(P::n), [rest] "i"(P::rest + 8 * (G::steps / P::n)), [second] "i"(G::second),                        \
    [next] "i"(G::ahead - (P::straight ? 0 : G::steps / P::n * P::n * 4)), [out] "i"(G::out), [along] "i"(G::along),   \
    [shift] "i"(shift), [left] "i"(left)                                                                               \
  : "memory", "cc", "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "s12", "s13", "s14", "s15",  \
    "s16", "s17", "s18", "s19"
#define ONNX2MCU_DSP_PAIR_HELD , "s20", "s21", "s22", "s23", "s24", "s25", "s26", "s27", "s28", "s29", "s30", "s31"
#define ONNX2MCU_DSP_PAIR_STARTS "vldmia %[a0], {s16-s19}\n\t"
// Sums of a pair by their scales (in s8 to s11) in float, rounded; [left] is the zero point; then bytes at register y.
#define ONNX2MCU_DSP_PAIR_SCALED                                                                                     \
  "sub %[a0], %[a0], %[a1]\n\tsub %[b0], %[b0], %[b1]\n\tsub %[a2], %[a2], %[a3]\n\tsub %[b2], %[b2], %[b3]\n\t"      \
  "vmov s0, s1, %[a0], %[b0]\n\tvmov s2, s3, %[a2], %[b2]\n\tvmov s4, s5, %[a1], %[b1]\n\tvmov s6, s7, %[a3], %[b3]\n\t" \
  "vcvt.f32.s32 s0, s0, #8\n\tvcvt.f32.s32 s1, s1, #8\n\tvcvt.f32.s32 s2, s2, #8\n\tvcvt.f32.s32 s3, s3, #8\n\t"     \
  "vcvt.f32.s32 s4, s4\n\tvcvt.f32.s32 s5, s5\n\tvcvt.f32.s32 s6, s6\n\tvcvt.f32.s32 s7, s7\n\t"                     \
  "vmul.f32 s0, s0, s8\n\tvmul.f32 s1, s1, s8\n\tvmul.f32 s2, s2, s10\n\tvmul.f32 s3, s3, s10\n\t"                   \
  "vmul.f32 s4, s4, s9\n\tvmul.f32 s5, s5, s9\n\tvmul.f32 s6, s6, s11\n\tvmul.f32 s7, s7, s11\n\t"                   \
  "vcvtr.s32.f32 s0, s0\n\tvcvtr.s32.f32 s1, s1\n\tvcvtr.s32.f32 s2, s2\n\tvcvtr.s32.f32 s3, s3\n\t"                 \
  "vcvtr.s32.f32 s4, s4\n\tvcvtr.s32.f32 s5, s5\n\tvcvtr.s32.f32 s6, s6\n\tvcvtr.s32.f32 s7, s7\n\t"                 \
  "vmov %[a0], %[b0], s0, s1\n\tvmov %[a2], %[b2], s2, s3\n\tvmov %[a1], %[b1], s4, s5\n\tvmov %[a3], %[b3], s6, s7\n\t" \
  ".if %c[left] != 0\n\tadd %[a0], %[a0], #%c[left]\n\tadd %[b0], %[b0], #%c[left]\n\tadd %[a1], %[a1], #%c[left]\n\t" \
  "add %[b1], %[b1], #%c[left]\n\tadd %[a2], %[a2], #%c[left]\n\tadd %[b2], %[b2], #%c[left]\n\t"                    \
  "add %[a3], %[a3], #%c[left]\n\tadd %[b3], %[b3], #%c[left]\n\t.endif\n\t"
#define ONNX2MCU_DSP_PAIR_BYTES(sat, y)                                                                              \
  sat " %[a0], #8, %[a0]\n\t" sat " %[b0], #8, %[b0]\n\t" sat " %[a1], #8, %[a1]\n\tstrb %[a0], [%[" y "]]\n\t"      \
  sat " %[b1], #8, %[b1]\n\tstrb %[b0], [%[" y "], %[out]]\n\t" sat " %[a2], #8, %[a2]\n\tstrb %[a1], [%[" y "], #1]\n\t" \
  sat " %[b2], #8, %[b2]\n\tstrb %[b1], [%[" y "], #(%c[out]+1)]\n\t" sat " %[a3], #8, %[a3]\n\tstrb %[a2], [%[" y "], #2]\n\t" \
  sat " %[b3], #8, %[b3]\n\tstrb %[b2], [%[" y "], #(%c[out]+2)]\n\tstrb %[a3], [%[" y "], #3]\n\tstrb %[b3], [%[" y "], #(%c[out]+3)]\n\t"
#define ONNX2MCU_DSP_PAIR_REGISTERS                                                                                  \
  register auto a0 asm("r0") = reinterpret_cast<std::int32_t>(start);                                                \
  register auto a1 asm("r1") = reinterpret_cast<std::int32_t>(multiplier);                                           \
  register auto a2 asm("r2") = reinterpret_cast<std::int32_t>(addend);                                               \
  register auto a3 asm("r3") = reinterpret_cast<std::int32_t>(outputs);                                              \
  register auto b0 asm("r4") = reinterpret_cast<std::int32_t>(end);                                                  \
  register auto x asm("r8") = inputs;                                                                                \
  register auto w asm("r9") = weights;                                                                               \
  register std::int32_t b2 asm("r6"), b3 asm("r7");                                                                  \
  register std::uint32_t p asm("r10"), q asm("r11"), h asm("r12"), g asm("lr")
// What the loop leaves in g: where the outputs of a pair in doubt go, or null.
#define ONNX2MCU_DSP_DOUBT_END "\n\tmov %[g], #0\n\tb 4f\n\t3:\n\t" ONNX2MCU_CORE_PAIR_LEAVE "vmov %[g], s14\n\t4:"
#define ONNX2MCU_DSP_DOUBTS "vldmia %[b1], {s8-s11}\n\t"

struct Dsp : Thumb2 {
  static constexpr bool vectorizes = false;

  /// In a register of the FPU: back in one cycle.
  template <class T>
  struct InFpu {
    static_assert(sizeof(T) == 4, "one word");
    float value;
    ONNX2MCU_INLINE explicit InFpu(T v) noexcept {
      float f;  // not the member: it would stay in memory
      asm("vmov %0, %1" : "=t"(f) : "r"(v));
      value = f;
    }
    ONNX2MCU_INLINE T get() const noexcept {
      const float f = value;
      T v;
      asm volatile("vmov %0, %1" : "=r"(v) : "t"(f));
      return v;
    }
  };

  ONNX2MCU_DSP_3(smlad, "smlad")
  ONNX2MCU_DSP_3(smlabb, "smlabb")
  ONNX2MCU_DSP_3(smlabt, "smlabt")
  ONNX2MCU_DSP_3(smlatb, "smlatb")
  ONNX2MCU_DSP_3(smlatt, "smlatt")
  static ONNX2MCU_INLINE std::int32_t smmul(std::int32_t a, std::int32_t b) noexcept {
    std::int32_t r;
    asm("smmul %0, %1, %2" : "=r"(r) : "r"(a), "r"(b));
    return r;
  }
  ONNX2MCU_DSP_2(sadd16, "sadd16")
  ONNX2MCU_DSP_2(ssub16, "ssub16")
  ONNX2MCU_DSP_1(sxtb16, "sxtb16", "")
  ONNX2MCU_DSP_1(sxtb16_ror8, "sxtb16", ", ror #8")
  ONNX2MCU_DSP_1(uxtb16, "uxtb16", "")
  ONNX2MCU_DSP_1(uxtb16_ror8, "uxtb16", ", ror #8")
  static ONNX2MCU_INLINE std::uint32_t pack_low(std::uint32_t a, std::uint32_t b) noexcept {
    std::uint32_t r;
    asm("pkhbt %0, %1, %2, lsl #16" : "=r"(r) : "r"(a), "r"(b));
    return r;
  }
  static ONNX2MCU_INLINE std::uint32_t pack_high(std::uint32_t a, std::uint32_t b) noexcept {
    std::uint32_t r;
    asm("pkhtb %0, %1, %2, asr #16" : "=r"(r) : "r"(b), "r"(a));
    return r;
  }
  // The subtraction sets the flags by which SEL selects: one statement, so that nothing comes between them.
  static ONNX2MCU_INLINE std::uint32_t max_s8(std::uint32_t a, std::uint32_t b) noexcept {
    std::uint32_t r;
    asm("ssub8 %0, %1, %2\n\tsel %0, %1, %2" : "=&r"(r) : "r"(a), "r"(b) : "cc");
    return r;
  }
  static ONNX2MCU_INLINE std::uint32_t max_u8(std::uint32_t a, std::uint32_t b) noexcept {
    std::uint32_t r;
    asm("usub8 %0, %1, %2\n\tsel %0, %1, %2" : "=&r"(r) : "r"(a), "r"(b) : "cc");
    return r;
  }
  static ONNX2MCU_INLINE std::int32_t smmla(std::int32_t a, std::int32_t b, std::int32_t addend) noexcept {
    std::int32_t r;
    asm("smmla %0, %1, %2, %3" : "=r"(r) : "r"(a), "r"(b), "r"(addend));
    return r;
  }
  /// In order: no conversion waits for the one before. 256 * A is converted with eight fraction bits.
  static ONNX2MCU_INLINE void scale_4x2(std::int32_t (&a)[8], const float* scale) noexcept {
    asm("vldmia %[scale], {s8-s11}\n\t"
        "sub %[a0], %[a0], %[a1]\n\tsub %[b0], %[b0], %[b1]\n\tsub %[a2], %[a2], %[a3]\n\tsub %[b2], %[b2], %[b3]\n\t"
        "vmov s0, s1, %[a0], %[b0]\n\tvmov s2, s3, %[a2], %[b2]\n\tvmov s4, s5, %[a1], %[b1]\n\tvmov s6, s7, %[a3], %[b3]\n\t"
        "vcvt.f32.s32 s0, s0, #8\n\tvcvt.f32.s32 s1, s1, #8\n\tvcvt.f32.s32 s2, s2, #8\n\tvcvt.f32.s32 s3, s3, #8\n\t"
        "vcvt.f32.s32 s4, s4\n\tvcvt.f32.s32 s5, s5\n\tvcvt.f32.s32 s6, s6\n\tvcvt.f32.s32 s7, s7\n\t"
        "vmul.f32 s0, s0, s8\n\tvmul.f32 s1, s1, s8\n\tvmul.f32 s2, s2, s10\n\tvmul.f32 s3, s3, s10\n\t"
        "vmul.f32 s4, s4, s9\n\tvmul.f32 s5, s5, s9\n\tvmul.f32 s6, s6, s11\n\tvmul.f32 s7, s7, s11\n\t"
        "vcvtr.s32.f32 s0, s0\n\tvcvtr.s32.f32 s1, s1\n\tvcvtr.s32.f32 s2, s2\n\tvcvtr.s32.f32 s3, s3\n\t"
        "vcvtr.s32.f32 s4, s4\n\tvcvtr.s32.f32 s5, s5\n\tvcvtr.s32.f32 s6, s6\n\tvcvtr.s32.f32 s7, s7\n\t"
        "vmov %[a0], %[b0], s0, s1\n\tvmov %[a2], %[b2], s2, s3\n\tvmov %[a1], %[b1], s4, s5\n\tvmov %[a3], %[b3], s6, s7"
        : [a0] "+r"(a[0]), [a1] "+r"(a[1]), [a2] "+r"(a[2]), [a3] "+r"(a[3]), [b0] "+r"(a[4]), [b1] "+r"(a[5]), [b2] "+r"(a[6]), [b3] "+r"(a[7])
        : [scale] "r"(scale), "m"(*reinterpret_cast<const float(*)[4]>(scale))
        : "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11");
  }
  static ONNX2MCU_INLINE void scale_8x1(std::int32_t (&a)[8], const float* scale) noexcept {
    asm("vldmia %[scale], {s8-s15}\n\t"
        "sub %[a0], %[a0], %[a1]\n\tsub %[a2], %[a2], %[a3]\n\tsub %[a4], %[a4], %[a5]\n\tsub %[a6], %[a6], %[a7]\n\t"
        "vmov s0, s1, %[a0], %[a1]\n\tvmov s2, s3, %[a2], %[a3]\n\tvmov s4, s5, %[a4], %[a5]\n\tvmov s6, s7, %[a6], %[a7]\n\t"
        "vcvt.f32.s32 s0, s0, #8\n\tvcvt.f32.s32 s1, s1\n\tvcvt.f32.s32 s2, s2, #8\n\tvcvt.f32.s32 s3, s3\n\t"
        "vcvt.f32.s32 s4, s4, #8\n\tvcvt.f32.s32 s5, s5\n\tvcvt.f32.s32 s6, s6, #8\n\tvcvt.f32.s32 s7, s7\n\t"
        "vmul.f32 s0, s0, s8\n\tvmul.f32 s1, s1, s9\n\tvmul.f32 s2, s2, s10\n\tvmul.f32 s3, s3, s11\n\t"
        "vmul.f32 s4, s4, s12\n\tvmul.f32 s5, s5, s13\n\tvmul.f32 s6, s6, s14\n\tvmul.f32 s7, s7, s15\n\t"
        "vcvtr.s32.f32 s0, s0\n\tvcvtr.s32.f32 s1, s1\n\tvcvtr.s32.f32 s2, s2\n\tvcvtr.s32.f32 s3, s3\n\t"
        "vcvtr.s32.f32 s4, s4\n\tvcvtr.s32.f32 s5, s5\n\tvcvtr.s32.f32 s6, s6\n\tvcvtr.s32.f32 s7, s7\n\t"
        "vmov %[a0], %[a1], s0, s1\n\tvmov %[a2], %[a3], s2, s3\n\tvmov %[a4], %[a5], s4, s5\n\tvmov %[a6], %[a7], s6, s7"
        : [a0] "+r"(a[0]), [a1] "+r"(a[1]), [a2] "+r"(a[2]), [a3] "+r"(a[3]), [a4] "+r"(a[4]), [a5] "+r"(a[5]), [a6] "+r"(a[6]), [a7] "+r"(a[7])
        : [scale] "r"(scale), "m"(*reinterpret_cast<const float(*)[8]>(scale))
        : "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "s12", "s13", "s14", "s15");
  }
  template <class Y>
  static ONNX2MCU_INLINE void store_byte(Y* y, std::int32_t v) noexcept {
    static_assert(sizeof(Y) == 1, "a byte");
    asm("strb %1, %0" : "=m"(*y) : "r"(v));
  }
  static ONNX2MCU_INLINE std::int32_t round_even(float value) noexcept {  // FPSCR's rounding mode: nearest, ties to even
    float integer;
    asm("vcvtr.s32.f32 %0, %1" : "=t"(integer) : "t"(value));
    std::int32_t r;
    __builtin_memcpy(&r, &integer, sizeof(r));
    return r;
  }
};

#undef ONNX2MCU_DSP_3
#undef ONNX2MCU_DSP_2
#undef ONNX2MCU_DSP_1

#else

struct Dsp : Thumb2 {
  static constexpr bool vectorizes = false;
};

#endif

}  // namespace onnx2mcu::cpu

#endif
