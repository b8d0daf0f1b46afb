# Cortex-M3, no FPU: RM0008. Arm's GNU toolchain (Debian: gcc-arm-none-eabi, libstdc++-arm-none-eabi-newlib).
set(ONNX2MCU_CPU_FLAGS -mcpu=cortex-m3 -mthumb -mfloat-abi=soft)
include(${CMAKE_CURRENT_LIST_DIR}/../common/arm-none-eabi.cmake)
