// Watched functions: what each call costs, callees included, and how much stack it takes.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "statistics.hpp"

namespace o2m::sim {

struct Function {
  std::string symbol;
  std::uint64_t calls = 0;
  Statistics total;
  std::uint64_t first = 0, least = std::numeric_limits<std::uint64_t>::max(), most = 0;  ///< cycles of a call
  std::uint32_t stack = 0;  ///< most bytes below the stack pointer at its entry
};

class Functions {
 public:
  explicit Functions(const Statistics& now) : now_(now) {}
  std::vector<Function> list;

  /// Before the instruction at `pc` runs: calls that have returned are closed, a call of list[function] is
  /// opened.
  void enter(std::uint32_t pc, int function, std::uint32_t return_address, std::uint32_t stack_pointer);
  void stack_pointer(std::uint32_t sp);
  bool idle() const { return frames_.empty(); }

 private:
  struct Frame {
    int function;
    std::uint32_t return_address, entry_sp, lowest_sp;
    Statistics at_entry;
  };
  void close();

  const Statistics& now_;
  std::vector<Frame> frames_;
};

}  // namespace o2m::sim
