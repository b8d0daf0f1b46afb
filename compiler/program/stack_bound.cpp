#include <algorithm>

#include "compile.hpp"

namespace o2m {

/// Rounded up from what GCC reports for every kernel on the three cores (tests/cross compares): frames with spilled
/// registers, and arguments beyond the fourth, passed twice.
std::int64_t stack_bound(const Program& program, const Target&) {
  std::size_t arguments = 0;
  for (const Call& call : program.calls) arguments = std::max(arguments, call.reads.size() + call.writes.size() + call.scratch.size());
  return 512 + 16 * static_cast<std::int64_t>(arguments);
}

}  // namespace o2m
