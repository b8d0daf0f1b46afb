// STM32F446: USART2, TX PA2, RX PA3, which the Nucleo's ST-Link offers as a virtual COM port.
#include "chip.hpp"
#include "register.hpp"

namespace onnx2mcu::target::uart {
namespace {

constexpr std::uint32_t usart2 = 0x4000'4400;
constexpr std::uint32_t sr = usart2, dr = usart2 + 4, brr = usart2 + 8,
                        cr1 = usart2 + 12;                                    // RM0390 25.6.1-25.6.4
constexpr std::uint32_t gpioa_moder = 0x4002'0000, gpioa_afrl = 0x4002'0020;  // RM0390 7.4.1, 7.4.9

}  // namespace

void start(std::uint32_t clock_hz) noexcept {
  set_bits(0x4002'3830, 1u << 0);              // RCC_AHB1ENR (RM0390 6.3.10): GPIOA
  set_bits(0x4002'3840, 1u << 17);             // RCC_APB1ENR (6.3.13): USART2
  modify(gpioa_afrl, 0xFFu << 8, 0x77u << 8);  // PA2, PA3: alternate function 7
  modify(gpioa_moder, 15u << 4, 10u << 4);
  reg(brr) = (clock_hz + baud / 2) / baud;
  reg(cr1) = 1u << 13 | 1u << 3 | 1u << 2;  // UE, TE, RE
}

int try_read() noexcept {
  if ((reg(sr) & (1u << 5 | 1u << 3)) == 0) return nothing;  // RXNE, ORE: reading DR after SR clears both
  return static_cast<int>(reg(dr) & 0xFFu);
}

void write(std::uint8_t byte) noexcept {
  wait_for(sr, 1u << 7, 1u << 7);  // TXE
  reg(dr) = byte;
}

}  // namespace onnx2mcu::target::uart
