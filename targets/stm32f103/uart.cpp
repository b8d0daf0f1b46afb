// STM32F103: USART1, TX PA9, RX PA10.
#include "chip.hpp"
#include "register.hpp"

namespace onnx2mcu::target::uart {
namespace {

constexpr std::uint32_t usart1 = 0x4001'3800;
constexpr std::uint32_t sr = usart1, dr = usart1 + 4, brr = usart1 + 8,
                        cr1 = usart1 + 12;  // RM0008 27.6.1-27.6.4

}  // namespace

void start(std::uint32_t clock_hz) noexcept {
  set_bits(0x4002'1018, 1u << 14 | 1u << 2);    // RCC_APB2ENR (RM0008 7.3.7): USART1, GPIOA
  modify(0x4001'0804, 0xFFu << 4, 0x4Bu << 4);  // GPIOA_CRH (9.2.2): PA9 alternate output, PA10 input
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
