// The external flash of the STM32H750B-DK, mapped to 0x90000000. Only firmwares that place something there
// (-DONNX2MCU_EXTERNAL_FLASH) carry the code for it.
#ifndef ONNX2MCU_TARGET_EXTERNAL_FLASH_HPP
#define ONNX2MCU_TARGET_EXTERNAL_FLASH_HPP

namespace onnx2mcu::target {

#if defined(ONNX2MCU_EXTERNAL_FLASH)
inline constexpr bool external_flash = true;
#else
inline constexpr bool external_flash = false;
#endif

void start_external_flash() noexcept;

}  // namespace onnx2mcu::target

#endif
