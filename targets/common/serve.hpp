// A firmware's main loop: the chip's UART and cycle counter below the service.
#ifndef ONNX2MCU_TARGET_SERVE_HPP
#define ONNX2MCU_TARGET_SERVE_HPP

#include "application.hpp"

namespace onnx2mcu::target {

[[noreturn]] void serve(const Application& application) noexcept;

}  // namespace onnx2mcu::target

#endif
