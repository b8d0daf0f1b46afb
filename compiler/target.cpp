#include "target.hpp"

namespace o2m {
namespace {

constexpr Target table[] = {
    {"portable", "any C++17 compiler, no assumption about the CPU", "Portable", true, false, 0, 0},
    {"f103", "STM32F103C8, Cortex-M3 72 MHz, 64 KiB flash, 20 KiB RAM", "CortexM3", false, false, 64 << 10, 20 << 10},
    {"f446", "STM32F446RE, Cortex-M4F 180 MHz, 512 KiB flash, 128 KiB RAM", "CortexM4", true, true, 512 << 10, 128 << 10},
    {"h750", "STM32H750, Cortex-M7F 480 MHz, 128 KiB flash, 1 MiB RAM in banks", "CortexM7", true, true, 128 << 10,
     1024 << 10},
};

}  // namespace

std::span<const Target> targets() { return table; }

const Target* find_target(std::string_view name) {
  for (const Target& t : table)
    if (t.name == name) return &t;
  return nullptr;
}

}  // namespace o2m
