// STM32H750: 480 MHz from the 25 MHz oscillator of the Discovery kit, else from the internal 64 MHz.
#include "chip.hpp"
#include "register.hpp"

namespace onnx2mcu::target {
namespace {

// RM0433 8.7, the RCC's registers.
constexpr std::uint32_t rcc = 0x5802'4400;
constexpr std::uint32_t rcc_cr = rcc, rcc_cfgr = rcc + 0x10, rcc_d1cfgr = rcc + 0x18, rcc_d2cfgr = rcc + 0x1C,
                        rcc_d3cfgr = rcc + 0x20, rcc_pllckselr = rcc + 0x28, rcc_pllcfgr = rcc + 0x2C,
                        rcc_pll1divr = rcc + 0x30, rcc_apb4enr = rcc + 0xF4;
// RM0433 6.8, the PWR's registers.
constexpr std::uint32_t pwr_csr1 = 0x5802'4804, pwr_cr3 = 0x5802'480C, pwr_d3cr = 0x5802'4818;
constexpr std::uint32_t flash_acr = 0x5200'2000;     // RM0433 4.9.1
constexpr std::uint32_t syscfg_pwrcr = 0x5800'042C;  // RM0433 12.3, SYSCFG_PWRCR

/// The LDO supplies the core; VOS1, then VOS0 by over-drive: what 480 MHz need (RM0433 6.6.2).
bool raise_voltage() noexcept {
  modify(pwr_cr3, 7u, 2u);  // LDOEN, not BYPASS; one write after power-up counts
  if (!wait_for(pwr_csr1, 1u << 13, 1u << 13)) return false;  // ACTVOSRDY
  set_bits(pwr_d3cr, 3u << 14);                               // VOS1
  if (!wait_for(pwr_d3cr, 1u << 13, 1u << 13)) return false;  // VOSRDY
  set_bits(rcc_apb4enr, 1u << 1);                             // SYSCFGEN
  set_bits(syscfg_pwrcr, 1u);                                 // ODEN
  return wait_for(pwr_d3cr, 1u << 13, 1u << 13);
}

/// The oscillator divided by `m`, times `n`, divided by 2.
bool start_pll(std::uint32_t source, std::uint32_t m, std::uint32_t n, std::uint32_t range) noexcept {
  reg(rcc_pllckselr) = m << 4 | source;
  reg(rcc_pllcfgr) = 1u << 16 | range << 2;                     // DIVP1EN; wide VCO, its input range
  reg(rcc_pll1divr) = 1u << 24 | 1u << 16 | 1u << 9 | (n - 1);  // R, Q and P divide by 2
  set_bits(rcc_cr, 1u << 24);                                   // PLL1ON, PLL1RDY
  return wait_for(rcc_cr, 1u << 25, 1u << 25);
}

}  // namespace

Clock start_clock() noexcept {
  const Clock at_reset{64'000'000, 64'000'000, false};
  if (!raise_voltage()) return at_reset;
  set_bits(rcc_cr, 1u << 18 | 1u << 16);  // HSEBYP, HSEON, HSERDY
  const bool external = wait_for(rcc_cr, 1u << 17, 1u << 17);
  if (!external) modify(rcc_cr, 1u << 18 | 1u << 16, 0);
  // 25 MHz / 5 * 192 or 64 MHz / 8 * 120: a VCO of 960 MHz. Input ranges: 4-8 MHz (2), 8-16 MHz (3).
  if (!(external ? start_pll(2u, 5, 192, 2) : start_pll(0u, 8, 120, 3))) return at_reset;
  reg(flash_acr) = 2u << 4 | 4u;  // 4 wait states up to 240 MHz at VOS0 (RM0433 4.3.8, table 17)
  if (!wait_for(flash_acr, 15u, 4u)) return at_reset;
  reg(rcc_d1cfgr) = 4u << 4 | 8u;       // CPU / 1, APB3 / 2, AHB / 2
  reg(rcc_d2cfgr) = 4u << 8 | 4u << 4;  // APB2 / 2, APB1 / 2
  reg(rcc_d3cfgr) = 4u << 4;            // APB4 / 2
  modify(rcc_cfgr, 7u, 3u);             // SW, SWS: PLL1
  if (!wait_for(rcc_cfgr, 7u << 3, 3u << 3)) return at_reset;
  return {480'000'000, 120'000'000, external};
}

}  // namespace onnx2mcu::target
