// The chips this compiler knows: what the CPU can do, and the memory banks. The board simulator is built from
// the same table; tests hold the linker scripts of targets/ against it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace o2m {

enum class BankKind {
  flash,     ///< internal, with wait states
  sram,      ///< no wait states on Cortex-M3 and M4
  tcm,       ///< tightly coupled to a Cortex-M7, not cached
  bus,       ///< SRAM behind the caches of a Cortex-M7
  external,  ///< memory-mapped serial flash
};

struct Bank {
  std::string_view name;  ///< as in the linker script; lower case in --place
  std::uint32_t base = 0;
  std::uint32_t size = 0;
  BankKind kind = BankKind::sram;
  std::uint32_t alias_of = 0;  ///< base of the bank that also appears here, or 0
};

/// What only firmware and the simulator need to know.
struct Chip {
  std::string_view folder;  ///< below targets/
  std::uint32_t core_hz = 0;
  unsigned wait_states = 0;     ///< of the internal flash at core_hz
  std::uint32_t uart_base = 0;  ///< the UART that targets/ uses
  std::string_view cpu_flags;   ///< for GCC and clang
};

struct Target {
  std::string_view name;  ///< as given to --target
  std::string_view description;
  std::string_view cpu;          ///< type in namespace onnx2mcu::cpu: "Portable", "CortexM3", …
  bool has_fpu = false;          ///< single-precision hardware floating point
  bool has_dsp = false;          ///< SMLAD, SXTB16, SSAT16, …
  std::int64_t flash_bytes = 0;  ///< internal flash; 0: no limit (portable)
  std::int64_t ram_bytes = 0;    ///< all banks together; 0: no limit
  std::span<const Bank> banks;   ///< empty: portable
  Chip chip;
};

std::span<const Target> targets();
/// Null when there is no such target.
const Target* find_target(std::string_view name);

}  // namespace o2m
