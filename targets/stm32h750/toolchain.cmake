# Cortex-M7 with double-precision FPU: RM0433. Arm's GNU toolchain (Debian: gcc-arm-none-eabi, libstdc++-arm-none-eabi-newlib).
set(ONNX2MCU_CPU_FLAGS -mcpu=cortex-m7 -mthumb -mfloat-abi=hard -mfpu=fpv5-d16)
include(${CMAKE_CURRENT_LIST_DIR}/../common/arm-none-eabi.cmake)
