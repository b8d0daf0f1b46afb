#include "plan/place.hpp"

#include <algorithm>

#include "plan/greedy.hpp"
#include "plan/instance.hpp"
#include "plan/search.hpp"
#include "plan/simplify.hpp"

namespace o2m {
namespace {

struct Minimised {
  Placement placement;
  std::int64_t lower_bound = 0;
};

/// Searches for a placement of at most `enough`, then at heights halfway between the lowest without an answer
/// and the best found, then all over again with more patience.
Minimised minimise(const Instance& instance, std::int64_t enough, bool only_enough, Budget& budget) {
  Minimised best{place_greedily(instance, std::max(enough, instance.lower_bound)), instance.lower_bound};
  const auto size = static_cast<std::int64_t>(instance.buffers.size());
  std::int64_t patience = only_enough ? budget.steps : std::max<std::int64_t>(1000, 16 * size);
  std::int64_t next = std::max(best.lower_bound, round_down(enough, instance.unit));
  std::int64_t unanswered = next;
  while (best.placement.height > std::max(best.lower_bound, enough) && !budget.spent()) {
    const Fit fit = fit_into(instance, next, patience, budget, best.placement);
    if (fit == Fit::impossible) best.lower_bound = next + instance.unit;
    if (fit != Fit::found) unanswered = next + instance.unit;
    if (unanswered >= best.placement.height) {
      patience *= 2;
      unanswered = std::max(best.lower_bound, round_down(enough, instance.unit));
      next = unanswered;
    } else {
      next = unanswered + round_down((best.placement.height - instance.unit - unanswered) / 2, instance.unit);
    }
  }
  best.lower_bound = std::min(best.lower_bound, best.placement.height);
  return best;
}

}  // namespace

Plan place(const PlanProblem& problem, const PlaceOptions& options) {
  Plan plan;
  plan.offsets.assign(problem.buffers.size(), 0);
  Budget budget{options.step_limit, {}};
  if (options.seconds)
    budget.deadline =
        std::chrono::steady_clock::now() + std::chrono::duration_cast<std::chrono::steady_clock::duration>(
                                               std::chrono::duration<double>(*options.seconds));
  for (const PlanBuffer& buffer : problem.buffers) plan.lower_bound = std::max(plan.lower_bound, buffer.size);
  const Simplified hard = simplify(problem, plan.lower_bound);
  std::vector<Instance> instances = make_instances(hard.problem);
  std::stable_sort(instances.begin(), instances.end(),
                   [](const Instance& a, const Instance& b) { return a.lower_bound > b.lower_bound; });
  plan.height = plan.lower_bound;
  for (const Instance& instance : instances) {
    const std::int64_t enough = std::max(plan.height, options.capacity.value_or(0));
    const Minimised best = minimise(instance, enough, options.capacity.has_value(), budget);
    for (std::size_t i = 0; i < instance.buffers.size(); ++i)
      plan.offsets[at(hard.sources[at(instance.buffers[i].source)])] = best.placement.offsets[i];
    plan.height = std::max(plan.height, best.placement.height);
    plan.lower_bound = std::max(plan.lower_bound, best.lower_bound);
  }
  place_easy(problem, hard, plan.offsets);
  plan.proven_minimal = plan.height == plan.lower_bound;
  plan.steps = options.step_limit - budget.steps;
  return plan;
}

}  // namespace o2m
