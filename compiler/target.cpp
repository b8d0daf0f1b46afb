#include "target.hpp"

namespace o2m {
namespace {

constexpr std::uint32_t kib = 1024;

constexpr Bank f103_banks[] = {
    {"FLASH", 0x08000000, 64 * kib, BankKind::flash},
    {"FLASH0", 0x00000000, 64 * kib, BankKind::flash, 0x08000000},  // RM0008 3.4: boot from flash
    {"RAM", 0x20000000, 20 * kib, BankKind::sram},
};
constexpr Bank f446_banks[] = {
    {"FLASH", 0x08000000, 512 * kib, BankKind::flash},
    {"FLASH0", 0x00000000, 512 * kib, BankKind::flash, 0x08000000},  // RM0390 2.4
    {"RAM", 0x20000000, 128 * kib, BankKind::sram},
};
// RM0433 2.3, table 7. The first 64 bytes of ITCM are left to null pointers; D2 is SRAM1 to SRAM3, D3 is
// SRAM4.
constexpr Bank h750_banks[] = {
    {"ITCM", 0x00000000, 64 * kib, BankKind::tcm},
    {"FLASH", 0x08000000, 128 * kib, BankKind::flash},
    {"DTCM", 0x20000000, 128 * kib, BankKind::tcm},
    {"AXI", 0x24000000, 512 * kib, BankKind::bus},
    {"D2", 0x30000000, 288 * kib, BankKind::bus},
    {"D3", 0x38000000, 64 * kib, BankKind::bus},
    {"QSPI", 0x90000000, 16 * 1024 * kib, BankKind::external},
};

constexpr Target table[] = {
    {"portable", "any C++17 compiler, no assumption about the CPU", "Portable", true, false, 0, 0, {}, {}},
    {"f103",
     "STM32F103C8, Cortex-M3 72 MHz, 64 KiB flash, 20 KiB RAM",
     "CortexM3",
     false,
     false,
     64 * kib,
     20 * kib,
     f103_banks,
     {"stm32f103", 72'000'000, 2, 0x40013800, "-mcpu=cortex-m3 -mthumb -mfloat-abi=soft"}},
    {"f446",
     "STM32F446RE, Cortex-M4F 180 MHz, 512 KiB flash, 128 KiB RAM",
     "CortexM4",
     true,
     true,
     512 * kib,
     128 * kib,
     f446_banks,
     {"stm32f446", 180'000'000, 5, 0x40004400, "-mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16"}},
    {"h750",
     "STM32H750, Cortex-M7F 480 MHz, 128 KiB flash, 1 MiB RAM in banks",
     "CortexM7",
     true,
     true,
     128 * kib,
     1056 * kib,
     h750_banks,
     {"stm32h750", 480'000'000, 4, 0x40004800, "-mcpu=cortex-m7 -mthumb -mfloat-abi=hard -mfpu=fpv5-d16"}},
};

}  // namespace

std::span<const Target> targets() { return table; }

const Target* find_target(std::string_view name) {
  for (const Target& t : table)
    if (t.name == name) return &t;
  return nullptr;
}

}  // namespace o2m
