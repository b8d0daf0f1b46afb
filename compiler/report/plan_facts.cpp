#include <fmt/format.h>

#include <algorithm>

#include "report/report.hpp"

namespace o2m {

PlanFacts plan_facts(const Network& network) {
  const MemoryPlan& plan = network.plan;
  const auto& calls = network.program.calls;
  PlanFacts facts;
  facts.live_bytes = live_bytes(network);
  const auto peak = static_cast<std::size_t>(
      std::max_element(facts.live_bytes.begin(), facts.live_bytes.end()) - facts.live_bytes.begin());
  facts.peak_step = static_cast<int>(peak);
  facts.peak_name = peak == 0 ? "inputs" : peak > calls.size() ? "outputs" : calls[peak - 1].name;
  if (!plan.pieces.empty()) {
    facts.verdict = fmt::format("in {} banks", plan.pieces.size());
    return facts;
  }
  const std::int64_t gap = plan.arena_bytes - plan.lower_bound;
  facts.verdict = plan.proven_minimal ? "gap 0, proven minimal for this schedule"
                                      : fmt::format("gap {}, not proven minimal", gap);
  return facts;
}

}  // namespace o2m
