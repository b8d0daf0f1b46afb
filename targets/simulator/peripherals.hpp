// Registers that firmware sees: the chip's clock, power and flash controllers as far as start-up code waits
// for them, the UARTs, and the core's own (cycle counter, SysTick, caches, fault status). Others hold what is
// written.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "memory_timing.hpp"
#include "uart.hpp"

namespace o2m::sim {

struct Window {
  std::uint32_t base, size;
};

class Peripherals {
 public:
  Peripherals(const Target& target, const Statistics& statistics, MemoryTiming& timing, UartLine& line);

  /// Address ranges in which this answers, beside the private peripheral bus.
  std::vector<Window> windows() const;
  /// `address` is a multiple of 4.
  std::uint32_t read(std::uint32_t address);
  void write(std::uint32_t address, std::uint32_t value);

  /// Called with an exit status and a reason when the firmware ends the simulation.
  std::function<void(int, const std::string&)> stop;
  std::uint32_t vector_table() const { return value(0xE000'ED08); }
  bool fpu_enabled() const { return (value(0xE000'ED88) >> 20 & 3) != 0; }
  bool traps_division() const { return (value(0xE000'ED14) >> 4 & 1) != 0; }
  void set(std::uint32_t address, std::uint32_t v) { values_[address] = v; }
  std::uint32_t value(std::uint32_t address) const;
  std::uint32_t active_exception = 0;
  bool has_crystal = true;  ///< false: HSE never gets ready
  bool has_pll = true;      ///< false: the main PLL never locks

 private:
  bool is_uart(std::uint32_t address, std::uint32_t& base) const;
  std::uint32_t read_uart(std::uint32_t base, std::uint32_t offset);
  std::uint32_t read_chip(std::uint32_t address) const;
  std::uint32_t read_core(std::uint32_t address);
  void write_core(std::uint32_t address, std::uint32_t v);
  bool receive_ready();
  std::uint64_t now() const { return statistics_.cycles + idle_; }

  const Target& target_;
  Core core_;
  const Statistics& statistics_;
  MemoryTiming& timing_;
  UartLine& line_;
  std::unordered_map<std::uint32_t, std::uint32_t> values_;
  std::uint64_t idle_ = 0;  ///< cycles that passed while the firmware waited for somebody to send
  std::uint64_t counter_base_ = 0, systick_base_ = 0, systick_wraps_ = 0;
  unsigned empty_polls_ = 0;
};

}  // namespace o2m::sim
