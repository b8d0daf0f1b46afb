// STM32F103: one RAM bank, always on; two 64-bit prefetch buffers before the flash.
#include "chip.hpp"
#include "register.hpp"

namespace onnx2mcu::target {

void enable_memory() noexcept {
  set_bits(0x4002'2000,
           1u << 4);  // FLASH_ACR.PRFTBE (RM0008 3.3.3): only below 24 MHz, so before start_clock()
}

void enable_caches() noexcept {}

}  // namespace onnx2mcu::target
