// The DSP extension of Cortex-M4 and M7: the real instructions where the compiler targets it, their emulation
// (cpu/portable.hpp) elsewhere, so that code generated for these cores also runs on a PC.
#ifndef ONNX2MCU_CPU_DSP_HPP
#define ONNX2MCU_CPU_DSP_HPP

#include "portable.hpp"

namespace onnx2mcu::cpu {

#if defined(__ARM_FEATURE_DSP) && defined(__ARM_FP) && !defined(__ARM_ARCH_PROFILE_A)

// Plain asm, not volatile: the compiler schedules and shares these like any other instruction.
#define ONNX2MCU_DSP_3(name, instruction)                                                                            \
  static ONNX2MCU_INLINE std::int32_t name(std::uint32_t a, std::uint32_t b, std::int32_t acc) noexcept {            \
    std::int32_t r;                                                                                                  \
    asm(instruction " %0, %1, %2, %3" : "=r"(r) : "r"(a), "r"(b), "r"(acc));                                         \
    return r;                                                                                                        \
  }
#define ONNX2MCU_DSP_1(name, instruction, suffix)                                                                    \
  static ONNX2MCU_INLINE std::uint32_t name(std::uint32_t a) noexcept {                                              \
    std::uint32_t r;                                                                                                 \
    asm(instruction " %0, %1" suffix : "=r"(r) : "r"(a));                                                            \
    return r;                                                                                                        \
  }
#define ONNX2MCU_DSP_SATURATE(name, instruction)                                                                     \
  static ONNX2MCU_INLINE std::int32_t name(std::int32_t v) noexcept {                                                \
    std::int32_t r;                                                                                                  \
    asm(instruction ", %1" : "=r"(r) : "r"(v));                                                                      \
    return r;                                                                                                        \
  }

struct Dsp : Portable {
  static constexpr bool vectorizes = false;
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
  template <int shift>
  static ONNX2MCU_INLINE std::int32_t ssat8_asr(std::int32_t v) noexcept {
    std::int32_t r;
    if constexpr (shift == 0) asm("ssat %0, #8, %1" : "=r"(r) : "r"(v));
    else asm("ssat %0, #8, %1, asr %2" : "=r"(r) : "r"(v), "i"(shift));
    return r;
  }
  template <int shift>
  static ONNX2MCU_INLINE std::int32_t usat8_asr(std::int32_t v) noexcept {
    std::int32_t r;
    if constexpr (shift == 0) asm("usat %0, #8, %1" : "=r"(r) : "r"(v));
    else asm("usat %0, #8, %1, asr %2" : "=r"(r) : "r"(v), "i"(shift));
    return r;
  }
  ONNX2MCU_DSP_1(sxtb16, "sxtb16", "")
  ONNX2MCU_DSP_1(sxtb16_ror8, "sxtb16", ", ror #8")
  ONNX2MCU_DSP_1(uxtb16, "uxtb16", "")
  ONNX2MCU_DSP_1(uxtb16_ror8, "uxtb16", ", ror #8")
  ONNX2MCU_DSP_SATURATE(ssat8, "ssat %0, #8")
  ONNX2MCU_DSP_SATURATE(usat8, "usat %0, #8")
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
  static ONNX2MCU_INLINE std::int32_t round_even(float value) noexcept {  // FPSCR's rounding mode: nearest, ties to even
    float integer;
    asm("vcvtr.s32.f32 %0, %1" : "=t"(integer) : "t"(value));
    std::int32_t r;
    __builtin_memcpy(&r, &integer, sizeof(r));
    return r;
  }
};

#undef ONNX2MCU_DSP_3
#undef ONNX2MCU_DSP_1
#undef ONNX2MCU_DSP_SATURATE

#else

struct Dsp : Portable {
  static constexpr bool vectorizes = false;
};

#endif

}  // namespace onnx2mcu::cpu

#endif
