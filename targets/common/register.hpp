// Access to memory-mapped registers. Addresses are written out where they are used, with the section of the
// manual that defines the register: RM0008 (STM32F103), RM0390 (STM32F446), RM0433 (STM32H750), PM0056,
// PM0214 and PM0253 (their cores), ARMv7-M ARM (DDI 0403).
#ifndef ONNX2MCU_TARGET_REGISTER_HPP
#define ONNX2MCU_TARGET_REGISTER_HPP

#include <cstdint>

namespace onnx2mcu::target {

inline volatile std::uint32_t& reg(std::uint32_t address) noexcept {
  return *reinterpret_cast<volatile std::uint32_t*>(address);
}

/// Bits of a register replaced: what `mask` covers becomes `value`.
inline void modify(std::uint32_t address, std::uint32_t mask, std::uint32_t value) noexcept {
  reg(address) = (reg(address) & ~mask) | value;
}

inline void set_bits(std::uint32_t address, std::uint32_t bits) noexcept { modify(address, bits, bits); }

/// Waits until the bits under `mask` are `value`, at most `rounds` reads. False: they never were.
inline bool wait_for(std::uint32_t address, std::uint32_t mask, std::uint32_t value,
                     std::uint32_t rounds = 100'000) noexcept {
  for (std::uint32_t i = 0; i < rounds; ++i)
    if ((reg(address) & mask) == value) return true;
  return false;
}

inline void barrier() noexcept { __asm__ volatile("dsb\n\tisb" ::: "memory"); }

}  // namespace onnx2mcu::target

#endif
