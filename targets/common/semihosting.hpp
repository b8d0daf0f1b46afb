// Ends a firmware that runs under a debugger or in the simulator, with an exit status. On a board by itself
// there is nobody to tell: the chip is reset instead.
#ifndef ONNX2MCU_TARGET_SEMIHOSTING_HPP
#define ONNX2MCU_TARGET_SEMIHOSTING_HPP

#include "register.hpp"

namespace onnx2mcu::target {

/// DHCSR.C_DEBUGEN (ARMv7-M ARM C1.6.2): a debugger listens, so that BKPT is not a fault.
inline bool debugger_attached() noexcept { return (reg(0xE000'EDF0) & 1u) != 0; }

[[noreturn]] inline void reset_chip() noexcept {
  barrier();
  reg(0xE000'ED0C) = 0x05FA'0004;  // AIRCR: key, SYSRESETREQ (ARMv7-M ARM B3.2.6)
  barrier();
  for (;;) {
  }
}

/// SYS_EXIT_EXTENDED, reason ADP_Stopped_ApplicationExit (Arm's semihosting specification, 7.2).
[[noreturn]] inline void finish(std::uint32_t status) noexcept {
  if (debugger_attached()) {
    volatile std::uint32_t block[2] = {0x20026, status};
    register std::uint32_t operation __asm__("r0") = 0x20;
    register volatile std::uint32_t* argument __asm__("r1") = block;
    __asm__ volatile("bkpt 0xab" : : "r"(operation), "r"(argument) : "memory");
  }
  reset_chip();
}

}  // namespace onnx2mcu::target

#endif
