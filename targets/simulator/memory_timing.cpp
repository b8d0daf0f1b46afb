#include "memory_timing.hpp"

#include <algorithm>
#include <string_view>

namespace o2m::sim {
namespace {

// Cortex-M7 at full clock: cycles until a missing cache line is there.
constexpr unsigned flash_latency = 24, bus_latency = 16, external_latency = 310, external_seek = 100;
constexpr std::uint32_t m7_line = 32;

}  // namespace

Core core_of(const Target& target) {
  return target.cpu == std::string_view("CortexM3")   ? Core::m3
         : target.cpu == std::string_view("CortexM4") ? Core::m4
                                                      : Core::m7;
}

Cache::Cache(std::uint32_t bytes, std::uint32_t ways, std::uint32_t line)
    : ways_(ways), sets_(bytes / ways / line), line_(line), tags_(ways * sets_, 0xFFFF'FFFF) {}

bool Cache::access(std::uint32_t address) {
  const std::uint32_t tag = address / line_;
  const auto set = tags_.begin() + static_cast<std::ptrdiff_t>(tag % sets_ * ways_),
             end = set + static_cast<std::ptrdiff_t>(ways_);
  const auto found = std::find(set, end, tag);
  const bool hit = found != end;
  std::rotate(set, hit ? found : end - 1, hit ? found + 1 : end);
  *set = tag;
  return hit;
}

bool Cache::holds(std::uint32_t address) const {
  const std::uint32_t tag = address / line_;
  const auto set = tags_.begin() + static_cast<std::ptrdiff_t>(tag % sets_ * ways_),
             end = set + static_cast<std::ptrdiff_t>(ways_);
  return std::find(set, end, tag) != end;
}

/// M7: 16 KiB two-way and 16 KiB four-way, 32-byte lines. F446: 64 and 8 lines of 16 bytes (RM0390 3.4.2).
MemoryTiming::MemoryTiming(const Target& target, Memory& memory, Statistics& statistics)
    : core_(core_of(target)),
      wait_states_(target.chip.wait_states),
      memory_(memory),
      statistics_(statistics),
      instructions_(core_ == Core::m7 ? Cache(16 << 10, 2, m7_line) : Cache(1024, 64, 16)),
      constants_(core_ == Core::m7 ? Cache(16 << 10, 4, m7_line) : Cache(128, 8, 16)) {}

void MemoryTiming::set_caches(std::uint32_t ccr) {
  if (core_ != Core::m7) return;
  instruction_cache_ = (ccr >> 17 & 1) != 0;
  data_cache_ = (ccr >> 16 & 1) != 0;
}

unsigned MemoryTiming::latency(const Region& region) const {
  return region.bank.kind == BankKind::external ? external_latency
         : region.bank.kind == BankKind::flash  ? flash_latency
                                                : bus_latency;
}

unsigned MemoryTiming::fetch(std::uint32_t pc, unsigned length) {
  const Region* region = memory_.find(pc);
  if (!region) return 0;
  if (core_ == Core::m7) return region->bank.kind == BankKind::tcm ? 0 : fetch_m7(*region, pc, length);
  if (region->bank.kind != BankKind::flash) return 0;
  const std::uint32_t line = core_ == Core::m3 ? 8 : 16;  // bytes that one flash read delivers
  const std::uint32_t base = region->bank.alias_of ? pc - region->bank.base + region->bank.alias_of : pc;
  unsigned stall = 0;
  for (std::uint32_t l = base / line; l <= (base + length - 1) / line; ++l)
    if (l != line_) stall = fetch_flash_line(l, stall);
  return stall;
}

/// The F103 has a two-line prefetch buffer; the F446 a cache besides. `stall`: cycles this instruction waits
/// already.
unsigned MemoryTiming::fetch_flash_line(std::uint32_t line, unsigned stall) {
  const bool cached = core_ == Core::m4;
  std::uint64_t time = now() + stall;
  if (!(cached && instructions_.access(line * 16))) {
    if (line == prefetch_line_) {
      if (prefetch_ready_ > time) stall += static_cast<unsigned>(prefetch_ready_ - time);
    } else {
      flash_free_ = std::max(time, flash_free_) + wait_states_ + 1;
      stall += static_cast<unsigned>(flash_free_ - 1 - time);
      ++statistics_.instruction_misses;
    }
  }
  line_ = line;
  time = now() + stall;
  if (prefetch_line_ != line + 1 && !(cached && instructions_.holds((line + 1) * 16))) {
    const std::uint64_t start = std::max(time, flash_free_);
    prefetch_line_ = line + 1;
    prefetch_ready_ = start + wait_states_;
    flash_free_ = start + wait_states_ + 1;
  }
  return stall;
}

unsigned MemoryTiming::fetch_m7(const Region& region, std::uint32_t pc, unsigned length) {
  const bool external = region.bank.kind == BankKind::external;
  unsigned stall = 0;
  for (std::uint32_t a = pc & ~(m7_line - 1); a < pc + length; a += m7_line) {
    if (a == (pc & ~(m7_line - 1)) && a / m7_line == line_) continue;
    line_ = a / m7_line;
    if (!instruction_cache_) {
      stall += latency(region) / 2;
    } else if (!instructions_.access(a)) {
      stall += latency(region);
      ++statistics_.instruction_misses;
      if (external && a != external_next_) stall += external_seek;
      if (external) external_next_ = a + m7_line;
    }
  }
  return stall;
}

unsigned MemoryTiming::data(const Access& access) {
  const Region* region = memory_.find(access.address);
  if (!region) return core_ == Core::m7 ? 4 : 1;  // a peripheral
  if (core_ == Core::m7) return region->bank.kind == BankKind::tcm ? 0 : data_m7(*region, access);
  if (region->bank.kind != BankKind::flash || access.write) return 0;
  const std::uint64_t time = now();
  if (core_ == Core::m4 && constants_.access(access.address & ~15u)) return 0;
  const std::uint64_t start = std::max(time, flash_free_);
  flash_free_ = start + wait_states_ + 1;
  ++statistics_.data_misses;
  return static_cast<unsigned>(start - time) + wait_states_;
}

unsigned MemoryTiming::data_m7(const Region& region, const Access& access) {
  if (access.write) {
    if (data_cache_) constants_.access(access.address);
    return 0;
  }
  unsigned stall = latency(region);
  if (!data_cache_) return stall / 2;
  if (constants_.access(access.address)) return 0;
  ++statistics_.data_misses;
  if (region.bank.kind == BankKind::external) {
    const std::uint32_t line = access.address & ~(m7_line - 1);
    if (line != external_next_) stall += external_seek;
    external_next_ = line + m7_line;
  }
  return stall;
}

}  // namespace o2m::sim
