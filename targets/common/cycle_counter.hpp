// The DWT cycle counter (ARMv7-M ARM C1.8): counts core clock cycles and wraps every 2^32 (8.9 s at 480 MHz).
#ifndef ONNX2MCU_TARGET_CYCLE_COUNTER_HPP
#define ONNX2MCU_TARGET_CYCLE_COUNTER_HPP

#include "register.hpp"

namespace onnx2mcu::target {

inline void start_cycle_counter() noexcept {
  set_bits(0xE000'EDFC, 1u << 24);  // DEMCR.TRCENA (ARMv7-M ARM C1.6.5)
  reg(0xE000'1FB0) =
      0xC5AC'CE55;  // DWT_LAR, CoreSight's lock access: the Cortex-M7's counter is locked until told this
  reg(0xE000'1004) = 0;       // DWT_CYCCNT
  set_bits(0xE000'1000, 1u);  // DWT_CTRL.CYCCNTENA
}

inline std::uint32_t cycles() noexcept { return reg(0xE000'1004); }

}  // namespace onnx2mcu::target

#endif
