// STM32F446: 180 MHz from the 8 MHz that the Nucleo's ST-Link feeds into OSC_IN, else from the internal 16
// MHz.
#include "chip.hpp"
#include "register.hpp"

namespace onnx2mcu::target {
namespace {

constexpr std::uint32_t rcc_cr = 0x4002'3800, rcc_pllcfgr = 0x4002'3804,
                        rcc_cfgr = 0x4002'3808;                       // RM0390 6.3.1-6.3.3
constexpr std::uint32_t rcc_apb1enr = 0x4002'3840;                    // RM0390 6.3.13
constexpr std::uint32_t flash_acr = 0x4002'3C00;                      // RM0390 3.8.1
constexpr std::uint32_t pwr_cr = 0x4000'7000, pwr_csr = 0x4000'7004;  // RM0390 5.4.1, 5.4.2

/// The oscillator divided by `m` to 2 MHz, times 180, divided by 2.
bool start_pll(std::uint32_t source, std::uint32_t m) noexcept {
  reg(rcc_pllcfgr) =
      2u << 28 | 8u << 24 | source << 22 | 0u << 16 | 180u << 6 | m;  // R, Q, source, P = 2, N, M
  set_bits(rcc_cr, 1u << 24);                                         // PLLON, PLLRDY
  return wait_for(rcc_cr, 1u << 25, 1u << 25);
}

/// 180 MHz needs scale 1 and over-drive (RM0390 5.1, voltage regulator). False: the chip stays at 168 MHz or
/// less.
bool enable_over_drive() noexcept {
  set_bits(pwr_cr, 1u << 16);  // ODEN, ODRDY
  if (!wait_for(pwr_csr, 1u << 16, 1u << 16)) return false;
  set_bits(pwr_cr, 1u << 17);  // ODSWEN, ODSWRDY
  return wait_for(pwr_csr, 1u << 17, 1u << 17);
}

}  // namespace

Clock start_clock() noexcept {
  const Clock at_reset{16'000'000, 16'000'000, false};
  set_bits(rcc_apb1enr, 1u << 28);        // PWREN
  set_bits(pwr_cr, 3u << 14);             // VOS: scale 1, while the PLL is off
  set_bits(rcc_cr, 1u << 18 | 1u << 16);  // HSEBYP, HSEON: a clock comes in, there is no crystal
  const bool external = wait_for(rcc_cr, 1u << 17, 1u << 17);
  if (!external) modify(rcc_cr, 1u << 18 | 1u << 16, 0);
  if (!start_pll(external ? 1u : 0u, external ? 4 : 8) || !enable_over_drive()) return at_reset;
  modify(flash_acr, 15u, 5u);  // 5 wait states above 150 MHz
  if (!wait_for(flash_acr, 15u, 5u)) return at_reset;
  modify(rcc_cfgr, 7u << 13 | 7u << 10 | 15u << 4 | 3u,
         4u << 13 | 5u << 10 | 2u);  // APB2 / 2, APB1 / 4, AHB / 1, PLL
  if (!wait_for(rcc_cfgr, 3u << 2, 2u << 2)) return at_reset;
  return {180'000'000, 45'000'000, external};
}

}  // namespace onnx2mcu::target
