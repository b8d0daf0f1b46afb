// What Cortex-M3, M4 and M7 have in common: saturation as one instruction, emulated elsewhere (cpu/portable.hpp).
#ifndef ONNX2MCU_CPU_THUMB2_HPP
#define ONNX2MCU_CPU_THUMB2_HPP

#include "portable.hpp"

namespace onnx2mcu::cpu {

#if defined(__thumb2__)

struct Thumb2 : Portable {
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

#else

struct Thumb2 : Portable {};

#endif

}  // namespace onnx2mcu::cpu

#endif
