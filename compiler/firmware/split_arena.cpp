#include "firmware/split_arena.hpp"

#include <algorithm>
#include <numeric>
#include <stdexcept>

#include "firmware/fit.hpp"
#include "plan/check_plan.hpp"
#include "plan/place.hpp"

namespace o2m {
namespace {

/// A bank while it is being filled.
struct Bin {
  Place place;
  std::int64_t capacity = 0;
  std::vector<int> buffers = {};
};

/// The part of the problem that concerns these buffers, in their order.
PlanProblem part_of(const PlanProblem& whole, const std::vector<int>& buffers) {
  PlanProblem part;
  std::vector<int> index(whole.buffers.size(), -1);
  for (const int b : buffers) {
    index[static_cast<std::size_t>(b)] = static_cast<int>(part.buffers.size());
    part.buffers.push_back(whole.buffers[static_cast<std::size_t>(b)]);
  }
  for (const Overlap& o : whole.overlaps) {
    const int below = index[static_cast<std::size_t>(o.below)],
              above = index[static_cast<std::size_t>(o.above)];
    if (below >= 0 && above >= 0) part.overlaps.push_back({below, above, o.distance});
  }
  return part;
}

bool fits(const PlanProblem& whole, const Bin& bin, int more) {
  std::vector<int> buffers = bin.buffers;
  buffers.push_back(more);
  return place(part_of(whole, buffers), {.capacity = bin.capacity, .step_limit = 2000}).height <=
         bin.capacity;
}

/// Buffers that must be in the Model itself: the caller sees them, or streams know them by their offset.
std::vector<bool> in_model(const Program& program) {
  std::vector<bool> fixed(program.buffers.size());
  const auto mark = [&](BufferId id) { fixed[static_cast<std::size_t>(place_in(program, id).first)] = true; };
  for (const auto* ports : {&program.inputs, &program.outputs})
    for (const Port& port : *ports) mark(port.buffer);
  for (const State& state : program.states) mark(state.port.buffer);
  for (const Call& call : program.calls)
    if (!call.stages.empty())
      for (const BufferId id : call.scratch) mark(id);
  // A float input is quantized into what the caller may also fill himself.
  for (std::size_t i = 0; i < program.calls.size() && program.calls[i].kernel == "quantize_linear"; ++i)
    mark(program.calls[i].writes[0]);
  return fixed;
}

/// How often the bytes of each buffer are used, about: a call reads what it multiplies, once at least.
std::vector<double> heat_of(const Program& program) {
  std::vector<double> uses(program.buffers.size());
  const auto add = [&](BufferId id, std::int64_t times) {
    uses[static_cast<std::size_t>(place_in(program, id).first)] +=
        static_cast<double>(std::max(times, program[id].bytes));
  };
  for (const Call& call : program.calls) {
    for (const Operand& read : call.reads)
      if (const auto* id = std::get_if<BufferId>(&read)) add(*id, call.macs);
    for (const BufferId id : call.writes) add(id, 0);
    for (const BufferId id : call.scratch) add(id, call.macs);
  }
  for (std::size_t i = 0; i < uses.size(); ++i)
    uses[i] /= static_cast<double>(std::max<std::int64_t>(program.buffers[i].bytes, 1));
  return uses;
}

/// The buffers in bins, those of the model in bin `model`; false if one finds no room.
bool fill(const PlanProblem& whole, const std::vector<bool>& fixed, const std::vector<int>& order,
          std::size_t model, std::vector<Bin>& bins) {
  for (const bool now_fixed : {true, false})
    for (const int b : order) {
      if (whole.buffers[static_cast<std::size_t>(b)].size == 0 ||
          fixed[static_cast<std::size_t>(b)] != now_fixed)
        continue;
      const auto bin = now_fixed ? bins.begin() + static_cast<std::ptrdiff_t>(model)
                                 : std::find_if(bins.begin(), bins.end(), [&](const Bin& candidate) {
                                     return fits(whole, candidate, b);
                                   });
      if (bin == bins.end() || (now_fixed && !fits(whole, *bin, b))) return false;
      bin->buffers.push_back(b);
    }
  return true;
}

MemoryPlan plan_of(const MemoryPlan& one, const PlanProblem& whole, const Program& program,
                   std::vector<Bin> bins, std::size_t model) {
  MemoryPlan plan = one;
  plan.arena_bytes = 0;
  plan.proven_minimal = false;
  plan.piece_of.assign(plan.offsets.size(), 0);
  std::swap(bins[0], bins[model]);
  for (const Bin& bin : bins) {
    if (bin.buffers.empty() && &bin != bins.data()) continue;
    const PlanProblem problem = part_of(whole, bin.buffers);
    const Plan placed = place(problem, {});
    if (const auto fault = check_plan(problem, placed)) throw std::logic_error("memory plan: " + *fault);
    for (std::size_t i = 0; i < bin.buffers.size(); ++i) {
      plan.offsets[static_cast<std::size_t>(bin.buffers[i])] = placed.offsets[i];
      plan.piece_of[static_cast<std::size_t>(bin.buffers[i])] = static_cast<int>(plan.pieces.size());
    }
    const std::int64_t bytes = std::max<std::int64_t>((placed.height + 7) / 8 * 8, 8);
    plan.pieces.push_back({std::string(bin.place.name), std::string(bin.place.bank), bytes});
    plan.arena_bytes += bytes;
  }
  for (std::size_t i = 0; i < program.buffers.size(); ++i) {
    const auto [place, at] = place_in(program, static_cast<BufferId>(i));
    if (place == static_cast<BufferId>(i)) continue;
    plan.offsets[i] = plan.offsets[static_cast<std::size_t>(place)] + at;
    plan.piece_of[i] = plan.piece_of[static_cast<std::size_t>(place)];
  }
  return plan;
}

}  // namespace

bool asks_for_pieces(const std::vector<std::string>& words) {
  return std::any_of(words.begin(), words.end(), [](const std::string& word) {
    return word.starts_with("arena=") && word.find('+') != std::string::npos;
  });
}

std::optional<MemoryPlan> split_arena(const Network& network, const Target& target,
                                      const std::vector<std::string>& words) {
  if (target.banks.empty()) return std::nullopt;
  const Overhead o = overhead(network, target, 0);
  const Placement placement = place(target, network, words, o);
  std::vector<Bin> empty;
  for (const Place& where : arena_places(target, words))
    empty.push_back(
        {where,
         (bank_named(target, where.bank).size - taken_beside(target, network, placement, o, where)) / 8 * 8});
  if (empty.size() < 2) return std::nullopt;
  const PlanProblem whole = plan_problem(network.program);
  const std::vector<bool> fixed = in_model(network.program);
  const std::vector<double> heat = heat_of(network.program);
  std::vector<int> hottest(whole.buffers.size());
  std::iota(hottest.begin(), hottest.end(), 0);
  std::vector<int> largest = hottest;
  std::stable_sort(hottest.begin(), hottest.end(), [&](int a, int b) {
    return heat[static_cast<std::size_t>(a)] > heat[static_cast<std::size_t>(b)];
  });
  std::stable_sort(largest.begin(), largest.end(), [&](int a, int b) {
    return whole.buffers[static_cast<std::size_t>(a)].size > whole.buffers[static_cast<std::size_t>(b)].size;
  });
  for (const auto& order : {hottest, largest})
    for (std::size_t model = 0; model < empty.size(); ++model) {
      std::vector<Bin> bins = empty;
      if (fill(whole, fixed, order, model, bins))
        return plan_of(network.plan, whole, network.program, std::move(bins), model);
    }
  return std::nullopt;
}

}  // namespace o2m
