// Two MT25QL512 side by side on QUADSPI (UM2488, figure of the QSPI flash), read with command 0x6C at 60 MHz.
#include "external_flash.hpp"

#include "register.hpp"

namespace onnx2mcu::target {
namespace {

// RM0433 23.5, the QUADSPI's registers.
constexpr std::uint32_t quadspi = 0x5200'5000;
constexpr std::uint32_t cr = quadspi, dcr = quadspi + 4, sr = quadspi + 8, fcr = quadspi + 0xC,
                        ccr = quadspi + 0x14;
constexpr std::uint32_t rcc_ahb3enr = 0x5802'44D4, rcc_ahb4enr = 0x5802'44E0;  // RM0433 8.7

struct Pin {
  std::uint8_t port, number, function;
};
/// CLK, BK1_NCS (of both chips), BK1_IO0-3, BK2_IO0-3 with their alternate functions (DS12556, table 9).
constexpr Pin pins[] = {{'F', 10, 9}, {'G', 6, 10}, {'D', 11, 9}, {'F', 9, 10}, {'F', 7, 9},
                        {'F', 6, 9},  {'H', 2, 9},  {'H', 3, 9},  {'G', 9, 9},  {'G', 14, 9}};

/// RM0433 11.4: MODER, OSPEEDR, AFRL and AFRH.
void connect(const Pin& pin) noexcept {
  const std::uint32_t gpio = 0x5802'0000 + (pin.port - 'A') * 0x400u, n = pin.number;
  modify(gpio + 0x20 + n / 8 * 4, 15u << n % 8 * 4, static_cast<std::uint32_t>(pin.function) << n % 8 * 4);
  modify(gpio + 0x08, 3u << n * 2, 3u << n * 2);
  modify(gpio + 0x00, 3u << n * 2, 2u << n * 2);
}

/// A command without address or data, on one line.
void command(std::uint32_t instruction) noexcept {
  reg(ccr) = 1u << 8 | instruction;
  wait_for(sr, 1u << 1, 1u << 1);  // TCF
  reg(fcr) = 1u << 1;              // CTCF
}

}  // namespace

void start_external_flash() noexcept {
  set_bits(rcc_ahb4enr, 1u << 3 | 1u << 5 | 1u << 6 | 1u << 7);  // GPIO D, F, G, H
  set_bits(rcc_ahb3enr, 1u << 14);  // QSPIEN; its clock is AHB3's after reset, 240 MHz
  for (const Pin& pin : pins) connect(pin);
  reg(dcr) = 26u << 16 | 3u << 8;               // 2^27 bytes in all; chip select high for 4 clocks
  reg(cr) = 3u << 24 | 1u << 6 | 1u << 4 | 1u;  // 240 / 4 MHz, DFM: two chips, SSHIFT, EN
  command(0x66);                                // RESET ENABLE
  command(0x99);                                // RESET MEMORY
  for (int i = 0; i < 20'000; ++i) barrier();   // 40 us to recover
  // Memory-mapped; data on four lines, 8 dummy clocks, 32-bit address and instruction on one: 4-BYTE QUAD
  // OUTPUT FAST READ.
  reg(ccr) = 3u << 26 | 3u << 24 | 8u << 18 | 3u << 12 | 1u << 10 | 1u << 8 | 0x6C;
}

}  // namespace onnx2mcu::target
