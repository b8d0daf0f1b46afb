// STM32F103: 72 MHz from the 8 MHz crystal of the Blue Pill, else 64 MHz from the internal oscillator.
#include "chip.hpp"
#include "register.hpp"

namespace onnx2mcu::target {
namespace {

constexpr std::uint32_t rcc_cr = 0x4002'1000, rcc_cfgr = 0x4002'1004;  // RM0008 7.3.1, 7.3.2
constexpr std::uint32_t flash_acr = 0x4002'2000;                       // RM0008 3.3.3
constexpr std::uint32_t pll_source_hse = 1u << 16;

/// HSE or HSI/2 times `factor`; APB1 at half of it, its limit being 36 MHz.
bool start_pll(std::uint32_t source, std::uint32_t factor) noexcept {
  modify(rcc_cfgr, 3u << 16 | 15u << 18 | 7u << 8, source | (factor - 2) << 18 | 4u << 8);
  set_bits(rcc_cr, 1u << 24);  // PLLON, PLLRDY
  if (!wait_for(rcc_cr, 1u << 25, 1u << 25)) return false;
  modify(rcc_cfgr, 3u, 2u);  // SW, SWS: PLL
  return wait_for(rcc_cfgr, 3u << 2, 2u << 2);
}

}  // namespace

Clock start_clock() noexcept {
  modify(flash_acr, 7u, 2u);   // 2 wait states above 48 MHz
  set_bits(rcc_cr, 1u << 16);  // HSEON, HSERDY
  if (wait_for(rcc_cr, 1u << 17, 1u << 17) && start_pll(pll_source_hse, 9))
    return {72'000'000, 72'000'000, true};
  modify(rcc_cr, 1u << 24 | 1u << 16, 0);
  wait_for(rcc_cr, 1u << 25, 0);
  if (start_pll(0, 16)) return {64'000'000, 64'000'000, false};
  return {8'000'000, 8'000'000, false};
}

}  // namespace onnx2mcu::target
