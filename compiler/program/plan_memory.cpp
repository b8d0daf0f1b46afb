// Lifetimes of the Program's buffers and their places in the arena. The placement itself is compiler/plan/'s.

#include <algorithm>
#include <map>
#include <numeric>

#include "compile.hpp"
#include "ops/lower.hpp"
#include "plan/check_plan.hpp"
#include "plan/place.hpp"
#include "stream/schedule.hpp"

namespace o2m {
namespace {

/// Half-open, in steps. Call i runs during step i + 1; network inputs exist from step 0, outputs until past
/// the last.
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
  for (const State& state : program.states) {
    touch(state.port.buffer, 0);
    touch(state.port.buffer, end - 1);
    touch(state.next, end - 1);
  }
  return life;
}

/// A depthwise convolution that gathers a channel of the whole image before it writes that channel of its
/// output, as large: the two may share bytes wherever they lie, if each channel keeps its own places, a
/// multiple of the channels away.
bool works_by_channels(const Call& call) {
  const auto same = [&](const char* a, const char* b) { return int_param(call, a) == int_param(call, b); };
  const bool planes = call.kernel == "packed_depthwise_conv2d" || call.kernel == "blocked_depthwise_conv2d";
  return planes && same("band", "out_h") && same("in_h", "out_h") && same("in_w", "out_w") &&
         same("in_c", "out_c");
}

/// The same of what has a place of its own: as long as any part of it lives. Parts: never.
std::vector<std::pair<int, int>> place_lifetimes(const Program& program,
                                                 std::vector<std::pair<int, int>> life) {
  for (std::size_t i = 0; i < life.size(); ++i) {
    const BufferId place = place_in(program, static_cast<BufferId>(i)).first;
    if (place == static_cast<BufferId>(i)) continue;
    auto& whole = life[static_cast<std::size_t>(place)];
    whole = {std::min(whole.first, life[i].first), std::max(whole.second, life[i].second)};
    life[i] = {0, 0};
  }
  return life;
}

std::vector<BufferId> buffers_of(const Call& call) {
  std::vector<BufferId> ids;
  for (const Operand& read : call.reads)
    if (const auto* id = std::get_if<BufferId>(&read)) ids.push_back(*id);
  ids.insert(ids.end(), call.writes.begin(), call.writes.end());
  ids.insert(ids.end(), call.scratch.begin(), call.scratch.end());
  return ids;
}

/// Buffers that are alive together in one call alone may share what its order of reads and writes allows. Not
/// with one that holds something before the call and still behind it.
std::vector<Overlap> overlaps_of(const Program& program, const std::vector<std::pair<int, int>>& life) {
  std::vector<Overlap> overlaps;
  for (std::size_t i = 0; i < program.calls.size(); ++i) {
    for (const Overlap& overlap : place_overlaps(program, program.calls[i])) {
      const auto &below = life[static_cast<std::size_t>(overlap.below)],
                 &above = life[static_cast<std::size_t>(overlap.above)];
      const int first = std::max(below.first, above.first), last = std::min(below.second, above.second);
      const auto passes = [&](const std::pair<int, int>& l) { return l.first < first && l.second > last; };
      if (first == static_cast<int>(i) + 1 && last == first + 1 && !passes(below) && !passes(above))
        overlaps.push_back(overlap);
    }
  }
  return overlaps;
}

}  // namespace

/// Where parts are concerned, all pairs of them that the call uses must keep their distances.
std::vector<Overlap> place_overlaps(const Program& program, const Call& call) {
  std::vector<Overlap> overlaps = call_overlaps(program, call);
  const std::vector<BufferId> used = buffers_of(call);
  if (std::none_of(used.begin(), used.end(),
                   [&](BufferId id) { return program[id].whole != BufferId::none; })) {
    if (works_by_channels(call)) {
      const BufferId x = std::get<BufferId>(call.reads[0]), y = call.writes[0];
      overlaps.push_back({static_cast<int>(y), static_cast<int>(x), -program[x].bytes});
    }
    return overlaps;
  }
  std::map<std::pair<BufferId, BufferId>, std::int64_t> distances;
  for (const BufferId below : used)
    for (const BufferId above : used) {
      const auto [low, low_at] = place_in(program, below);
      const auto [high, high_at] = place_in(program, above);
      if (low == high) continue;
      std::int64_t distance = program[below].bytes;
      for (const Overlap& o : overlaps)
        if (static_cast<BufferId>(o.below) == below && static_cast<BufferId>(o.above) == above)
          distance = std::min(distance, o.distance);
      const auto [known, added] = distances.try_emplace({low, high}, distance + low_at - high_at);
      if (!added) known->second = std::max(known->second, distance + low_at - high_at);
    }
  std::vector<Overlap> out;
  for (const auto& [pair, distance] : distances)
    if (distance < program[pair.first].bytes)
      out.push_back({static_cast<int>(pair.first), static_cast<int>(pair.second), distance});
  return out;
}

PlanProblem plan_problem(const Program& program) {
  const auto life = place_lifetimes(program, lifetimes_of(program));
  PlanProblem problem;
  for (std::size_t i = 0; i < program.buffers.size(); ++i) {
    const Buffer& b = program.buffers[i];
    if (life[i].first < life[i].second)
      problem.buffers.push_back({b.name, life[i].first, life[i].second, b.bytes, b.alignment});
    else
      problem.buffers.push_back({b.name, 0, 1, 0, b.alignment});  // a part, or of no call any more
  }
  problem.overlaps = overlaps_of(program, life);
  for (const Call& call : program.calls)
    if (works_by_channels(call))
      for (const BufferId id : {std::get<BufferId>(call.reads[0]), call.writes[0]}) {
        std::int64_t& alignment = problem.buffers[static_cast<std::size_t>(id)].alignment;
        alignment = std::lcm(alignment, int_param(call, "in_c"));
      }
  return problem;
}

MemoryPlan plan_memory(const Program& program, bool share) {
  MemoryPlan result;
  PlanProblem problem = plan_problem(program);
  if (!share) problem.overlaps.clear();
  for (const PlanBuffer& b : problem.buffers)
    result.lifetimes.emplace_back(static_cast<int>(b.lower), static_cast<int>(b.upper));
  const auto own = lifetimes_of(program);
  // A step takes longer the more buffers there are: about a second altogether.
  const auto count = static_cast<std::int64_t>(problem.buffers.size());
  const std::int64_t most_steps = 12'000'000 / std::max<std::int64_t>(count, 1);
  const Plan plan = place(problem, {.step_limit = std::min(default_step_limit, most_steps)});
  if (const auto fault = check_plan(problem, plan)) throw std::logic_error("memory plan: " + *fault);
  result.offsets = plan.offsets;
  for (std::size_t i = 0; i < program.buffers.size(); ++i) {
    if (problem.buffers[i].size == 0 && own[i].first >= own[i].second) result.lifetimes[i] = {0, 0};
    if (program.buffers[i].whole == BufferId::none) continue;
    const auto [place, at] = place_in(program, static_cast<BufferId>(i));
    result.offsets[i] = plan.offsets[static_cast<std::size_t>(place)] + at;
    if (own[i].first < own[i].second) result.lifetimes[i] = own[i];
  }
  result.arena_bytes = plan.height;
  result.lower_bound = plan.lower_bound;
  result.proven_minimal = plan.proven_minimal;
  return result;
}

}  // namespace o2m
