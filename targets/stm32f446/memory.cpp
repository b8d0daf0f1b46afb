// STM32F446: RAM is always on; the flash accelerator prefetches and caches 1 KiB of code and 128 bytes of
// constants.
#include "chip.hpp"
#include "register.hpp"

namespace onnx2mcu::target {

void enable_memory() noexcept {}

void enable_caches() noexcept {
  set_bits(0x4002'3C00, 1u << 10 | 1u << 9 | 1u << 8);  // FLASH_ACR (RM0390 3.8.1): DCEN, ICEN, PRFTEN
}

}  // namespace onnx2mcu::target
