#include <algorithm>
#include <utility>

#include "compile.hpp"

namespace o2m {

std::int64_t position(const MemoryPlan& plan, std::size_t buffer) {
  std::int64_t first = 0;
  for (int i = 0; !plan.pieces.empty() && i < plan.piece_of[buffer]; ++i)
    first += plan.pieces[static_cast<std::size_t>(i)].bytes;
  return first + plan.offsets[buffer];
}

std::vector<std::int64_t> live_bytes(const Network& network) {
  const MemoryPlan& plan = network.plan;
  std::vector<std::vector<std::pair<std::int64_t, std::int64_t>>> places(network.program.calls.size() + 2);
  for (std::size_t b = 0; b < network.program.buffers.size(); ++b)
    for (int step = plan.lifetimes[b].first; step < plan.lifetimes[b].second; ++step)
      places[static_cast<std::size_t>(step)].emplace_back(
          position(plan, b), position(plan, b) + network.program.buffers[b].bytes);
  std::vector<std::int64_t> bytes;
  for (auto& step : places) {
    std::sort(step.begin(), step.end());
    std::int64_t sum = 0, end = 0;
    for (const auto& [first, last] : step) {
      sum += std::max<std::int64_t>(last - std::max(first, end), 0);
      end = std::max(end, last);
    }
    bytes.push_back(sum);
  }
  return bytes;
}

}  // namespace o2m
