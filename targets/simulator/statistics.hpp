// Counters of a run, of a function, or of anything between two moments.
#pragma once

#include <array>
#include <cstdint>

#include "instruction.hpp"

namespace o2m::sim {

struct Statistics {
  std::uint64_t instructions = 0, cycles = 0;
  std::uint64_t fetch_stall = 0, data_stall = 0;  ///< cycles waiting for memory
  std::uint64_t loads = 0, stores = 0, taken = 0;
  std::uint64_t dual = 0, mispredicted = 0;  ///< Cortex-M7
  std::uint64_t instruction_misses = 0, data_misses = 0;
  std::array<std::uint64_t, static_cast<std::size_t>(Class::count)> by_class{};

  Statistics& operator+=(const Statistics& o) { return combine(o, 1); }
  Statistics& operator-=(const Statistics& o) { return combine(o, ~std::uint64_t{0}); }

 private:
  /// Adds `factor` times the other, modulo 2^64.
  Statistics& combine(const Statistics& o, std::uint64_t factor) {
    instructions += factor * o.instructions;
    cycles += factor * o.cycles;
    fetch_stall += factor * o.fetch_stall;
    data_stall += factor * o.data_stall;
    loads += factor * o.loads;
    stores += factor * o.stores;
    taken += factor * o.taken;
    dual += factor * o.dual;
    mispredicted += factor * o.mispredicted;
    instruction_misses += factor * o.instruction_misses;
    data_misses += factor * o.data_misses;
    for (std::size_t i = 0; i < by_class.size(); ++i) by_class[i] += factor * o.by_class[i];
    return *this;
  }
};

}  // namespace o2m::sim
