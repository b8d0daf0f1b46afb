// STM32H750: USART3, TX PB10, RX PB11, which the Discovery kit's ST-Link offers as a virtual COM port. Its
// 16-byte FIFO keeps what arrives while the CPU is away.
#include "chip.hpp"
#include "register.hpp"

namespace onnx2mcu::target::uart {
namespace {

// RM0433 48.7, the USART's registers.
constexpr std::uint32_t usart3 = 0x4000'4800;
constexpr std::uint32_t cr1 = usart3, cr3 = usart3 + 8, brr = usart3 + 0xC, isr = usart3 + 0x1C,
                        icr = usart3 + 0x20, rdr = usart3 + 0x24, tdr = usart3 + 0x28;
constexpr std::uint32_t gpiob_moder = 0x5802'0400, gpiob_afrh = 0x5802'0424;  // RM0433 11.4

}  // namespace

void start(std::uint32_t clock_hz) noexcept {
  set_bits(0x5802'44E0, 1u << 1);              // RCC_AHB4ENR (RM0433 8.7): GPIOB
  set_bits(0x5802'44E8, 1u << 18);             // RCC_APB1LENR: USART3; its clock is APB1's after reset
  modify(gpiob_afrh, 0xFFu << 8, 0x77u << 8);  // PB10, PB11: alternate function 7
  modify(gpiob_moder, 15u << 20, 10u << 20);
  reg(brr) = (clock_hz + baud / 2) / baud;
  reg(cr3) = 1u << 12;                           // OVRDIS: an overrun loses bytes, it does not block
  reg(cr1) = 1u << 29 | 1u << 3 | 1u << 2 | 1u;  // FIFOEN, TE, RE, UE
}

int try_read() noexcept {
  if ((reg(isr) & 1u << 5) == 0) return nothing;  // RXFNE
  const int byte = static_cast<int>(reg(rdr) & 0xFFu);
  reg(icr) = 7u;  // parity, framing, noise
  return byte;
}

void write(std::uint8_t byte) noexcept {
  wait_for(isr, 1u << 7, 1u << 7);  // TXFNF
  reg(tdr) = byte;
}

}  // namespace onnx2mcu::target::uart
