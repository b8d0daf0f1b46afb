#include "plan/order.hpp"

#include <algorithm>
#include <map>

namespace o2m {
namespace {

using Bits = std::vector<std::uint64_t>;

std::size_t at(int i) { return static_cast<std::size_t>(i); }
bool has(const Bits& bits, int i) { return (bits[at(i) / 64] >> (at(i) % 64) & 1) != 0; }

/// Some nodes have run; the best way to get there.
struct State {
  Bits done;
  std::vector<int> ready;  ///< nodes that may run next, ascending
  std::int64_t live = 0;   ///< bytes in use now
  std::int64_t peak = 0;   ///< so far
  std::size_t from = 0;    ///< index of the state before, in the level before
  int last = -1;           ///< node that led here
};

struct Search {
  const OrderProblem& problem;
  std::vector<std::vector<int>> users =
      std::vector<std::vector<int>>(problem.sizes.size());  ///< nodes, by buffer
  std::vector<std::vector<int>> followers = std::vector<std::vector<int>>(problem.nodes.size());
  using Key = std::pair<int, std::vector<bool>>;
  std::map<Key, std::int64_t> needs = {};  ///< known results of problem.need
  std::size_t steps = 0;                   ///< calls of run()

  explicit Search(const OrderProblem& p) : problem(p) {
    for (int n = 0; n < static_cast<int>(p.nodes.size()); ++n) {
      for (const int b : p.nodes[at(n)].buffers) users[at(b)].push_back(n);
      for (const int before : p.nodes[at(n)].after) followers[at(before)].push_back(n);
    }
  }

  State start() const {
    State s{Bits(problem.nodes.size() / 64 + 1, 0), {}, 0, 0, 0, -1};
    for (std::size_t b = 0; b < problem.sizes.size(); ++b)
      if (problem.given[b]) s.live += problem.sizes[b];
    s.peak = s.live;
    for (int n = 0; n < static_cast<int>(problem.nodes.size()); ++n)
      if (problem.nodes[at(n)].after.empty()) s.ready.push_back(n);
    return s;
  }

  std::int64_t need(int node, const std::vector<bool>& before, const std::vector<bool>& after,
                    std::int64_t sum) {
    if (!problem.need) return sum;
    Key key{node, before};
    key.second.insert(key.second.end(), after.begin(), after.end());
    const auto known = needs.find(key);
    return known != needs.end() ? known->second : needs[key] = problem.need(node, before, after);
  }

  State run(const State& s, int node) {
    ++steps;
    State next{s.done, {}, s.live, s.peak, 0, node};
    next.done[at(node) / 64] |= std::uint64_t{1} << at(node) % 64;
    std::vector<bool> before, after;
    std::int64_t own = 0, sum = 0;  // bytes of its buffers in use already; all its buffers
    for (const int b : problem.nodes[at(node)].buffers) {
      const auto ran = [&](int user) { return has(s.done, user); };
      const auto runs = [&](int user) { return has(next.done, user); };
      before.push_back(problem.given[at(b)] || std::any_of(users[at(b)].begin(), users[at(b)].end(), ran));
      after.push_back(problem.kept[at(b)] || !std::all_of(users[at(b)].begin(), users[at(b)].end(), runs));
      const std::int64_t size = problem.sizes[at(b)];
      sum += size;
      own += before.back() ? size : 0;
      next.live += (after.back() ? size : 0) - (before.back() ? size : 0);
    }
    next.peak = std::max(s.peak, s.live - own + need(node, before, after, sum));
    std::copy_if(s.ready.begin(), s.ready.end(), std::back_inserter(next.ready),
                 [&](int n) { return n != node; });
    for (const int n : followers[at(node)]) {
      const auto& after_all = problem.nodes[at(n)].after;
      if (std::all_of(after_all.begin(), after_all.end(), [&](int b) { return has(next.done, b); }))
        next.ready.push_back(n);
    }
    std::sort(next.ready.begin(), next.ready.end());
    return next;
  }
};

/// What running one more node leads to. A node that needs no more than the peak so far and leaves no more in
/// use than before can always run at once: whatever order has it later, having it now costs nowhere more.
/// Then it is the only one.
std::vector<State> successors(Search& search, const State& state) {
  std::vector<State> next;
  for (const int node : state.ready) {
    next.push_back(search.run(state, node));
    if (next.back().peak == state.peak && next.back().live <= state.live) return {std::move(next.back())};
  }
  return next;
}

/// All states that one more node leads to, each but once, below `bound`.
std::vector<State> next_level(Search& search, const std::vector<State>& level, std::int64_t bound) {
  std::map<Bits, State> next;
  for (std::size_t i = 0; i < level.size(); ++i)
    for (State& state : successors(search, level[i])) {
      state.from = i;
      if (state.peak >= bound) continue;
      const auto [it, added] = next.try_emplace(state.done, state);
      if (!added && state.peak < it->second.peak) it->second = std::move(state);
    }
  std::vector<State> states;
  for (auto& [done, state] : next) states.push_back(std::move(state));
  return states;
}

/// The best of the states, as many as can go on in `steps` trials of a node. Whether those were all.
bool keep_best(std::vector<State>& states, std::size_t steps) {
  std::size_t ready = 1;
  for (const State& s : states) ready = std::max(ready, s.ready.size());
  const std::size_t most = std::max<std::size_t>(steps / ready, 1);
  if (states.size() <= most) return true;
  std::stable_sort(states.begin(), states.end(), [](const State& a, const State& b) {
    return std::pair(a.peak, a.live) < std::pair(b.peak, b.live);
  });
  states.resize(most);
  return false;
}

}  // namespace

Order best_order(const OrderProblem& problem, std::size_t most_steps) {
  Search search(problem);
  Order order;
  const State start = search.start();
  State given = start;
  for (int n = 0; n < static_cast<int>(problem.nodes.size()); ++n) {
    order.nodes.push_back(n);
    given = search.run(given, n);
  }
  order.peak = order.as_given = given.peak;
  order.proven = true;
  std::vector<std::vector<State>> levels{{start}};
  while (!levels.back().empty() && levels.size() <= problem.nodes.size()) {
    if (search.steps > 2 * most_steps) {  // so wide that even one beginning has too many ways to go on
      order.proven = false;
      return order;
    }
    std::vector<State> next = next_level(search, levels.back(), given.peak);
    order.proven = keep_best(next, most_steps / problem.nodes.size()) && order.proven;
    levels.push_back(std::move(next));
  }
  if (levels.back().empty()) return order;  // none is better than the order given
  std::size_t i = 0;
  order.peak = levels.back()[0].peak;
  for (std::size_t level = problem.nodes.size(); level > 0; --level) {
    order.nodes[level - 1] = levels[level][i].last;
    i = levels[level][i].from;
  }
  return order;
}

}  // namespace o2m
