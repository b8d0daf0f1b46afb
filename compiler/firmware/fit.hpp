// Does a network fit the chip? Flash and RAM bank by bank, before anything is written; the error names the
// layer.
#pragma once

#include <cstdint>
#include <string>
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

/// Estimated: code of the layers by the cost model, all the rest as measured (bench/systems.md), rounded up.
/// `vectors`: bytes of samples built in.
Overhead overhead(const Network& network, const Target& target, std::int64_t vectors);

std::vector<BankUse> bank_uses(const Network& network, const Target& target, const Placement& placement,
                               const Overhead& overhead);

/// Where everything is, then one line per bank in use: what it holds, of how much.
std::string placement_text(const Network& network, const Target& target, const Placement& placement,
                           const Overhead& overhead);
/// "weights 108268 + code (estimated) 9500": what is not zero.
std::string bank_parts(const BankUse& use);

/// Adds an error to `diagnostics` for every bank that overflows.
void check_fit(const Network& network, const Target& target, const Placement& placement,
               const Overhead& overhead, Diagnostics& diagnostics);

/// Whether the bank that gets the arena has room for it beside stack and variables of a firmware. Yes for
/// portable code.
bool arena_fits(const Network& network, const Target& target, const std::vector<std::string>& words);

/// What the arena could grow to in its bank; 0 for portable code.
std::int64_t arena_room(const Network& network, const Target& target, const std::vector<std::string>& words);

/// For portable code: an error if the network alone, without code and stack, fits none of the known chips.
void check_fits_some_target(const Network& network, Diagnostics& diagnostics);

}  // namespace o2m
