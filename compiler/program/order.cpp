// The order of the calls: what the exact search of compiler/plan/order.cpp has to know about a Program, and
// what is done with its result.

#include "plan/order.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "compile.hpp"
#include "plan/place.hpp"
#include "stream/schedule.hpp"

namespace o2m {
namespace {

constexpr std::size_t most_calls = 1000;  ///< in wide networks, the time grows with the square
constexpr std::int64_t grain =
    4;  ///< bytes: every buffer begins at a multiple, so none can use the rest of another's last

/// Bytes [first, last) of a buffer with a place of its own, and whether a call writes them.
struct Use {
  BufferId place = BufferId::none;
  std::int64_t first = 0, last = 0;
  bool writes = false;
};

std::vector<Use> uses_of(const Program& program, const Call& call) {
  std::vector<Use> uses;
  const auto add = [&](BufferId id, bool writes) {
    const auto [place, at] = place_in(program, id);
    uses.push_back({place, at, at + program[id].bytes, writes});
  };
  for (const Operand& read : call.reads)
    if (const auto* id = std::get_if<BufferId>(&read)) add(*id, false);
  for (const BufferId id : call.writes) add(id, true);
  for (const BufferId id : call.scratch) add(id, true);
  return uses;
}

bool conflict(const std::vector<Use>& a, const std::vector<Use>& b) {
  for (const Use& x : a)
    for (const Use& y : b)
      if (x.place == y.place && (x.writes || y.writes) && x.first < y.last && y.first < x.last) return true;
  return false;
}

/// Calls that quantize float inputs stay where they are: run_quantized() begins behind them.
std::size_t leading_quantizers(const Program& program) {
  std::size_t n = 0;
  while (n < program.calls.size() && program.calls[n].kernel == "quantize_linear") ++n;
  return n;
}

/// Who runs after whom. Of the calls before, only the last to write and those that read since can matter.
std::vector<int> needed_before(const std::vector<std::vector<Use>>& uses, std::size_t call,
                               std::map<BufferId, std::vector<int>>& users, std::size_t pinned) {
  std::vector<int> after;
  for (const Use& use : uses[call])
    for (const int other : users[use.place])
      if (conflict(uses[call], uses[static_cast<std::size_t>(other)])) after.push_back(other);
  for (std::size_t i = 0; i < std::min(call, pinned); ++i) after.push_back(static_cast<int>(i));
  std::sort(after.begin(), after.end());
  after.erase(std::unique(after.begin(), after.end()), after.end());
  for (const Use& use : uses[call])
    if (auto& list = users[use.place]; list.empty() || list.back() != static_cast<int>(call))
      list.push_back(static_cast<int>(call));
  return after;
}

OrderProblem order_problem(const Program& program) {
  OrderProblem problem;
  std::vector<std::vector<Use>> uses;
  for (const Call& call : program.calls) uses.push_back(uses_of(program, call));
  std::map<BufferId, std::vector<int>> users;
  const std::size_t pinned = leading_quantizers(program);
  for (std::size_t i = 0; i < program.calls.size(); ++i) {
    OrderNode node{needed_before(uses, i, users, pinned), {}};
    for (const Use& use : uses[i]) node.buffers.push_back(static_cast<int>(use.place));
    std::sort(node.buffers.begin(), node.buffers.end());
    node.buffers.erase(std::unique(node.buffers.begin(), node.buffers.end()), node.buffers.end());
    problem.nodes.push_back(std::move(node));
  }
  for (const Buffer& b : program.buffers) problem.sizes.push_back((b.bytes + grain - 1) / grain * grain);
  problem.given.resize(problem.sizes.size());
  problem.kept = problem.given;
  const auto mark = [&](std::vector<bool>& set, BufferId id) {
    set[static_cast<std::size_t>(place_in(program, id).first)] = true;
  };
  for (const Port& port : program.inputs) mark(problem.given, port.buffer);
  for (const Port& port : program.outputs) mark(problem.kept, port.buffer);
  for (const State& state : program.states) {
    mark(problem.given, state.port.buffer);
    mark(problem.kept, state.port.buffer);
    mark(problem.kept, state.next);
  }
  return problem;
}

}  // namespace

Program with_best_order(const Program& program, std::string& verdict) {
  verdict = "the model's own; more layers than are searched";
  if (program.calls.size() > most_calls) return program;
  OrderProblem problem = order_problem(program);
  const bool one = std::all_of(problem.nodes.begin(), problem.nodes.end(), [&](const OrderNode& node) {
    const auto i = static_cast<int>(&node - problem.nodes.data());
    return i == 0 || std::find(node.after.begin(), node.after.end(), i - 1) != node.after.end();
  });
  verdict = "the only one possible";
  if (one) return program;
  const std::vector<std::vector<Overlap>> overlaps = [&] {
    std::vector<std::vector<Overlap>> all;
    for (const Call& call : program.calls) all.push_back(place_overlaps(program, call));
    return all;
  }();
  problem.need = [&](int node, const std::vector<bool>& before, const std::vector<bool>& after) {
    const auto& own = problem.nodes[static_cast<std::size_t>(node)].buffers;
    const auto index = [&](int buffer) {
      return static_cast<std::size_t>(std::find(own.begin(), own.end(), buffer) - own.begin());
    };
    PlanProblem step;
    for (const int b : own) step.buffers.push_back({"", 0, 1, problem.sizes[static_cast<std::size_t>(b)], 1});
    for (const Overlap& o : overlaps[static_cast<std::size_t>(node)]) {
      const std::size_t below = index(o.below), above = index(o.above);
      if ((before[below] && before[above]) || (after[below] && after[above]))
        continue;  // together for longer than this call
      if ((before[below] && after[below]) || (before[above] && after[above]))
        continue;  // still needed as it was
      step.overlaps.push_back({static_cast<int>(below), static_cast<int>(above), o.distance});
    }
    return place(step, {.step_limit = 0}).lower_bound;
  };
  const Order order = best_order(problem);
  Program reordered = program;
  for (std::size_t i = 0; i < order.nodes.size(); ++i)
    reordered.calls[i] = program.calls[static_cast<std::size_t>(order.nodes[i])];
  const bool changed = order.peak < order.as_given;
  const std::int64_t before = plan_memory(program).arena_bytes,
                     now = changed ? plan_memory(reordered).arena_bytes : before;
  const bool better = now < before;
  const bool proven = order.proven && std::min(now, before) <= order.peak;
  verdict = proven         ? "proven minimal among all orders"
            : order.proven ? fmt::format("best found; no order needs less than {} bytes", order.peak)
                           : "best found";
  if (better) verdict += fmt::format("; {} bytes in the model's own order", before);
  return better ? reordered : program;
}

}  // namespace o2m
