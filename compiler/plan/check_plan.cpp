#include "plan/check_plan.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace o2m {
namespace {

using Fault = std::optional<std::string>;

std::string called(const PlanProblem& problem, std::size_t i) {
  return fmt::format("buffer {} \"{}\"", i, problem.buffers[i].name);
}

std::string bytes_of(const PlanProblem& problem, const Plan& plan, std::size_t i) {
  const PlanBuffer& b = problem.buffers[i];
  return fmt::format("{} at [{}, {}) alive [{}, {})", called(problem, i), plan.offsets[i],
                     plan.offsets[i] + b.size, b.lower, b.upper);
}

bool is_allowed(const PlanProblem& problem, const Plan& plan, std::size_t i, std::size_t j) {
  for (const Overlap& o : problem.overlaps) {
    const auto below = static_cast<std::size_t>(o.below), above = static_cast<std::size_t>(o.above);
    const bool concerned = (below == i && above == j) || (below == j && above == i);
    if (concerned && plan.offsets[below] + o.distance <= plan.offsets[above]) return true;
  }
  return false;
}

Fault check_pair(const PlanProblem& problem, const Plan& plan, std::size_t i, std::size_t j) {
  const PlanBuffer &a = problem.buffers[i], &b = problem.buffers[j];
  const bool share_time = a.lower < b.upper && b.lower < a.upper;
  const bool share_bytes = a.size > 0 && b.size > 0 && plan.offsets[i] < plan.offsets[j] + b.size &&
                           plan.offsets[j] < plan.offsets[i] + a.size;
  if (!share_time || !share_bytes || is_allowed(problem, plan, i, j)) return {};
  return fmt::format("{} and {} share bytes and no overlap allows it", bytes_of(problem, plan, i),
                     bytes_of(problem, plan, j));
}

Fault check_totals(const PlanProblem& problem, const Plan& plan) {
  std::int64_t height = 0;
  for (std::size_t i = 0; i < problem.buffers.size(); ++i)
    if (problem.buffers[i].size > 0) height = std::max(height, plan.offsets[i] + problem.buffers[i].size);
  if (plan.height != height) return fmt::format("the height is {}, not {}", height, plan.height);
  if (plan.lower_bound > height)
    return fmt::format("the height {} is less than the lower bound {}", height, plan.lower_bound);
  if (plan.proven_minimal != (plan.lower_bound == height))
    return fmt::format("height {} and lower bound {}, but proven_minimal is {}", height, plan.lower_bound,
                       plan.proven_minimal);
  return {};
}

}  // namespace

Fault check_problem(const PlanProblem& problem) {
  std::int64_t total = 0;
  for (std::size_t i = 0; i < problem.buffers.size(); ++i) {
    const PlanBuffer& b = problem.buffers[i];
    if (b.lower >= b.upper)
      return fmt::format("{} is alive in [{}, {}), which is empty", called(problem, i), b.lower, b.upper);
    if (b.size < 0) return fmt::format("{} has the negative size {}", called(problem, i), b.size);
    if (b.alignment < 1)
      return fmt::format("{} has the alignment {}, less than 1", called(problem, i), b.alignment);
    if (b.size > max_plan_bytes || b.alignment > max_plan_bytes ||
        (total += b.size + b.alignment) > max_plan_bytes)
      return fmt::format("{} takes the sizes and alignments past 2^52 in total", called(problem, i));
  }
  const auto is_buffer = [&](int i) {
    return i >= 0 && static_cast<std::size_t>(i) < problem.buffers.size();
  };
  for (std::size_t k = 0; k < problem.overlaps.size(); ++k) {
    const Overlap& o = problem.overlaps[k];
    if (!is_buffer(o.below) || !is_buffer(o.above) || o.below == o.above)
      return fmt::format("overlap {} is between buffers {} and {} of {}", k, o.below, o.above,
                         problem.buffers.size());
    if (o.distance < -max_plan_bytes || o.distance > max_plan_bytes)
      return fmt::format("overlap {} has the distance {}, more than 2^52 away", k, o.distance);
  }
  return {};
}

Fault check_plan(const PlanProblem& problem, const Plan& plan) {
  if (Fault fault = check_problem(problem)) return fault;
  if (plan.offsets.size() != problem.buffers.size())
    return fmt::format("{} offsets for {} buffers", plan.offsets.size(), problem.buffers.size());
  for (std::size_t i = 0; i < problem.buffers.size(); ++i) {
    const std::int64_t offset = plan.offsets[i], alignment = problem.buffers[i].alignment;
    if (offset < 0) return fmt::format("{} lies at {}", called(problem, i), offset);
    if (offset > max_plan_bytes) return fmt::format("{} lies at {}, past 2^52", called(problem, i), offset);
    if (offset % alignment != 0)
      return fmt::format("{} lies at {}, not a multiple of {}", called(problem, i), offset, alignment);
  }
  for (std::size_t i = 0; i < problem.buffers.size(); ++i)
    for (std::size_t j = i + 1; j < problem.buffers.size(); ++j)
      if (Fault fault = check_pair(problem, plan, i, j)) return fault;
  return check_totals(problem, plan);
}

}  // namespace o2m
