// Faults are reported over the UART instead of hanging: what happened, where, and on which data address. Then
// the chip is reset, or the debugger or simulator is told with exit status 70.
#ifndef ONNX2MCU_TARGET_FAULTS_HPP
#define ONNX2MCU_TARGET_FAULTS_HPP

#include <cstdint>

namespace onnx2mcu::target {

inline constexpr std::uint32_t fault_exit_status = 70;

/// Gives the separate fault exceptions their own vectors, traps divisions by zero.
void enable_faults() noexcept;
/// The handler of every exception.
void fault_entry();

}  // namespace onnx2mcu::target

#endif
