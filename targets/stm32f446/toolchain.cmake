# Cortex-M4 with single-precision FPU: RM0390. Arm's GNU toolchain (Debian: gcc-arm-none-eabi, libstdc++-arm-none-eabi-newlib).
set(ONNX2MCU_CPU_FLAGS -mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16)
include(${CMAKE_CURRENT_LIST_DIR}/../common/arm-none-eabi.cmake)
