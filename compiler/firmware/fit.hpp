// Does a network fit the chip? Flash and RAM bank by bank, before anything is written; the error names the layer.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "compile.hpp"
#include "diagnostics.hpp"
#include "firmware/placement.hpp"

namespace o2m {

/// Bytes a bank has to hold.
struct BankUse {
  const Bank* bank = nullptr;
  std::int64_t weights = 0, code = 0, vectors = 0, arena = 0, stack = 0, other = 0;
  std::int64_t total() const { return weights + code + vectors + arena + stack + other; }
};

/// What a firmware has beside weights and arena.
struct Overhead {
  std::int64_t layers = 0;   ///< machine code of the layers
  std::int64_t flash = 0;    ///< code and tables of targets/: start-up and the service behind the UART
  std::int64_t ram = 0;      ///< its variables
  std::int64_t stack = 0;
  std::int64_t vectors = 0;  ///< samples built in
};
/// Estimated from measured firmware: an upper bound for most networks.
Overhead overhead(const Network& network, const Target& target, std::int64_t vectors);

std::vector<BankUse> bank_uses(const Network& network, const Target& target, const Placement& placement, const Overhead& overhead);

/// Adds an error to `diagnostics` for every bank that overflows.
void check_fit(const Network& network, const Target& target, const Placement& placement, const Overhead& overhead, Diagnostics& diagnostics);

/// For portable code: an error if the network alone, without code and stack, fits none of the known chips.
void check_fits_some_target(const Network& network, Diagnostics& diagnostics);

}  // namespace o2m
