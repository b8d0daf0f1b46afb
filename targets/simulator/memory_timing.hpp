// How long the core waits for memory: flash wait states with prefetch buffers and the F446's flash
// accelerator, the Cortex-M7's caches in front of flash, SRAM and external flash. Estimated cycles,
// calibrated against published silicon.
#pragma once

#include <cstdint>
#include <vector>

#include "memory.hpp"
#include "statistics.hpp"

namespace o2m::sim {

enum class Core { m3, m4, m7 };
Core core_of(const Target& target);

struct Access {
  std::uint32_t address;
  std::uint8_t size;
  bool write;
};

/// Tags of a set-associative cache with least-recently-used replacement.
class Cache {
 public:
  Cache(std::uint32_t bytes, std::uint32_t ways, std::uint32_t line);
  /// Looks `address` up and makes its line the most recent one. True: it was there.
  bool access(std::uint32_t address);
  bool holds(std::uint32_t address) const;

 private:
  std::uint32_t ways_, sets_, line_;
  std::vector<std::uint32_t> tags_;  ///< of each set, most recent first
};

class MemoryTiming {
 public:
  MemoryTiming(const Target& target, Memory& memory, Statistics& statistics);

  /// Stall cycles of fetching an instruction at `pc`.
  unsigned fetch(std::uint32_t pc, unsigned length);
  /// Stall cycles of a load or store.
  unsigned data(const Access& access);
  /// Behind a taken branch the M7 looks its line up again.
  void refetch() { line_ = none; }
  /// SCB CCR was written (M7): bit 17 instruction cache, bit 16 data cache.
  void set_caches(std::uint32_t ccr);

 private:
  static constexpr std::uint32_t none = 0xFFFF'FFFF;
  unsigned fetch_m7(const Region& region, std::uint32_t pc, unsigned length);
  unsigned fetch_flash_line(std::uint32_t line, unsigned stall);
  unsigned data_m7(const Region& region, const Access& access);
  unsigned latency(const Region& region) const;
  std::uint64_t now() const { return statistics_.cycles; }

  Core core_;
  unsigned wait_states_;
  Memory& memory_;
  Statistics& statistics_;
  Cache instructions_, constants_;
  bool instruction_cache_ = false, data_cache_ = false;
  std::uint64_t flash_free_ = 0, prefetch_ready_ = 0;  ///< in cycles
  std::uint32_t prefetch_line_ = none, line_ = none, external_next_ = 0;
};

}  // namespace o2m::sim
