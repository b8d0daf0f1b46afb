// What every chip's folder implements: memory, clock and UART. Nothing here uses interrupts.
#ifndef ONNX2MCU_TARGET_CHIP_HPP
#define ONNX2MCU_TARGET_CHIP_HPP

#include <cstdint>

namespace onnx2mcu::target {

struct Clock {
  std::uint32_t core_hz;  ///< what the CPU and the cycle counter run at
  std::uint32_t uart_hz;  ///< what the UART divides
  bool external;          ///< false: the crystal did not start, the internal oscillator is used
};

/// Makes all RAM banks usable. Runs before variables are initialised, so it uses none.
void enable_memory() noexcept;
/// Oscillator, PLL and flash wait states; every wait is bounded.
Clock start_clock() noexcept;
/// Caches and memory attributes, once RAM holds its contents.
void enable_caches() noexcept;

namespace uart {

inline constexpr std::uint32_t baud = 115'200;  ///< 8 data bits, no parity, 1 stop bit
inline constexpr int nothing = -1;

void start(std::uint32_t clock_hz) noexcept;
/// The next byte received, or `nothing`. A byte the line damaged comes as it was received.
int try_read() noexcept;
/// Waits for room in the transmitter.
void write(std::uint8_t byte) noexcept;

}  // namespace uart

/// The clock as reset_handler started it.
extern Clock clock;

}  // namespace onnx2mcu::target

#endif
