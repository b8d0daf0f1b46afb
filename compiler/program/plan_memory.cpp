// Lifetimes of the Program's buffers and their places in the arena. The placement itself is compiler/plan/'s.

#include <algorithm>

#include "compile.hpp"
#include "plan/check_plan.hpp"
#include "plan/place.hpp"

namespace o2m {
namespace {

/// Half-open, in steps. Call i runs during step i + 1; network inputs exist from step 0, outputs until past the last.
std::vector<std::pair<int, int>> lifetimes_of(const Program& program) {
  const int end = static_cast<int>(program.calls.size()) + 2;
  std::vector<std::pair<int, int>> life(program.buffers.size(), {end, 0});
  const auto touch = [&](BufferId id, int step) {
    auto& [lower, upper] = life[static_cast<std::size_t>(id)];
    lower = std::min(lower, step);
    upper = std::max(upper, step + 1);
  };
  for (const Port& port : program.inputs) touch(port.buffer, 0);
  for (std::size_t i = 0; i < program.calls.size(); ++i) {
    const int step = static_cast<int>(i) + 1;
    for (const Operand& read : program.calls[i].reads)
      if (const auto* id = std::get_if<BufferId>(&read)) touch(*id, step);
    for (const BufferId id : program.calls[i].writes) touch(id, step);
    for (const BufferId id : program.calls[i].scratch) touch(id, step);
  }
  for (const Port& port : program.outputs) touch(port.buffer, end - 1);
  return life;
}

/// A call that may work in place lets its output start exactly where an input that dies in it lies.
std::vector<Overlap> overlaps_of(const Program& program, const std::vector<std::pair<int, int>>& life) {
  std::vector<Overlap> overlaps;
  for (std::size_t i = 0; i < program.calls.size(); ++i) {
    const Call& call = program.calls[i];
    for (const auto& [write, read] : call.in_place) {
      const auto* in = std::get_if<BufferId>(&call.reads[static_cast<std::size_t>(read)]);
      if (!in || life[static_cast<std::size_t>(*in)].second != static_cast<int>(i) + 2) continue;
      overlaps.push_back({static_cast<int>(call.writes[static_cast<std::size_t>(write)]), static_cast<int>(*in), 0});
    }
  }
  return overlaps;
}

}  // namespace

MemoryPlan plan_memory(const Program& program) {
  MemoryPlan result;
  result.lifetimes = lifetimes_of(program);
  PlanProblem problem;
  for (std::size_t i = 0; i < program.buffers.size(); ++i) {
    const Buffer& b = program.buffers[i];
    problem.buffers.push_back({b.name, result.lifetimes[i].first, result.lifetimes[i].second, b.bytes, b.alignment});
  }
  problem.overlaps = overlaps_of(program, result.lifetimes);
  const Plan plan = place(problem, {});
  if (const auto fault = check_plan(problem, plan)) throw std::logic_error("memory plan: " + *fault);
  result.offsets = plan.offsets;
  result.arena_bytes = plan.height;
  result.lower_bound = plan.lower_bound;
  result.proven_minimal = plan.proven_minimal;
  return result;
}

}  // namespace o2m
