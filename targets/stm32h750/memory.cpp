// STM32H750: the RAM banks of domain D2, memory attributes (MPU), the two 16 KiB caches of the Cortex-M7.
#include "chip.hpp"
#include "external_flash.hpp"
#include "register.hpp"

namespace onnx2mcu::target {
namespace {

// ARMv7-M ARM B3.5: the MPU. B3.2.8: CCR. B4.8: CCSIDR, CSSELR. B2.2: ICIALLU and DCISW, cache maintenance.
constexpr std::uint32_t mpu_ctrl = 0xE000'ED94, mpu_rbar = 0xE000'ED9C, mpu_rasr = 0xE000'EDA0;
constexpr std::uint32_t ccr = 0xE000'ED14, ccsidr = 0xE000'ED80, csselr = 0xE000'ED84, iciallu = 0xE000'EF50,
                        dcisw = 0xE000'EF60;

constexpr std::uint32_t no_access = 1u << 28, read_only = 6u << 24;  // XN; AP
constexpr std::uint32_t strongly_ordered = 0, write_through = 2u << 16;

/// A region of 2^log2 bytes; a higher number wins where regions overlap.
void region(std::uint32_t number, std::uint32_t base, std::uint32_t log2, std::uint32_t attributes) noexcept {
  reg(mpu_rbar) = base | 1u << 4 | number;
  reg(mpu_rasr) = attributes | (log2 - 1) << 1 | 1u;
}

/// The architecture's default map suits every bank. Closed are the 256 MiB of external flash but for what is
/// fitted, where a speculative read would never be answered, and the first bytes of ITCM, where null pointers
/// point.
void protect_memory() noexcept {
  region(0, 0x9000'0000, 28, no_access | strongly_ordered);
  if (external_flash) region(1, 0x9000'0000, 24, read_only | write_through);
  region(2, 0x0000'0000, 6, no_access | strongly_ordered);
  barrier();
  reg(mpu_ctrl) = 1u << 2 | 1u;  // PRIVDEFENA, ENABLE
  barrier();
}

void invalidate_data_cache() noexcept {
  reg(csselr) = 0;
  barrier();
  const std::uint32_t geometry = reg(ccsidr);
  const std::uint32_t sets = (geometry >> 13 & 0x7FFFu) + 1, ways = (geometry >> 3 & 0x3FFu) + 1;
  for (std::uint32_t set = 0; set < sets; ++set)
    for (std::uint32_t way = 0; way < ways; ++way) reg(dcisw) = way << 30 | set << 5;
}

}  // namespace

void enable_memory() noexcept {
  set_bits(0x5802'44DC, 7u << 29);  // RCC_AHB2ENR (RM0433 8.7): SRAM1, SRAM2, SRAM3
  barrier();                        // the clock runs two cycles after the write
}

void enable_caches() noexcept {
  if (external_flash) start_external_flash();
  protect_memory();
  reg(iciallu) = 0;
  invalidate_data_cache();
  barrier();
  set_bits(ccr, 1u << 17 | 1u << 16);  // IC, DC
  barrier();
}

}  // namespace onnx2mcu::target
