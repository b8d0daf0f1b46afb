#include "functions.hpp"

#include <algorithm>

namespace o2m::sim {

void Functions::close() {
  const Frame frame = frames_.back();
  frames_.pop_back();
  Function& f = list[static_cast<std::size_t>(frame.function)];
  Statistics spent = now_;
  spent -= frame.at_entry;
  f.total += spent;
  if (++f.calls == 1) f.first = spent.cycles;
  f.least = std::min(f.least, spent.cycles);
  f.most = std::max(f.most, spent.cycles);
  f.stack = std::max(f.stack, frame.entry_sp - frame.lowest_sp);
  if (!frames_.empty()) frames_.back().lowest_sp = std::min(frames_.back().lowest_sp, frame.lowest_sp);
}

void Functions::enter(std::uint32_t pc, int function, std::uint32_t return_address, std::uint32_t sp) {
  while (!frames_.empty() && frames_.back().return_address == pc && sp >= frames_.back().entry_sp) close();
  if (function < 0) return;
  // A loop back to the function's first instruction is no call.
  const bool loops = !frames_.empty() && frames_.back().function == function &&
                     frames_.back().return_address == return_address && frames_.back().entry_sp == sp;
  if (!loops) frames_.push_back({function, return_address, sp, sp, now_});
}

void Functions::stack_pointer(std::uint32_t sp) {
  if (!frames_.empty()) frames_.back().lowest_sp = std::min(frames_.back().lowest_sp, sp);
}

}  // namespace o2m::sim
