#include "plan/search.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "plan/search_state.hpp"

namespace o2m {
namespace {

/// Which buffer to decide next: the lowest of all, or the lowest in the section that leaves the least choice,
/// where sections in which the search has failed count more. The first finds most placements at once, the
/// second keeps working where the difficulty is.
enum class Choice { lowest, tightest_section };

struct Search {
  SearchState state;
  Budget& budget;
  Choice choice = Choice::lowest;
  const std::vector<int>* rank = nullptr;
  std::int64_t steps_left = 0;

  Search(const Instance& instance, std::int64_t capacity, Budget& b) : state(instance, capacity), budget(b) {}

  bool out_of_steps() {
    const bool look_at_clock = budget.steps % 256 == 0;
    if (steps_left <= 0 || budget.steps <= 0 || (look_at_clock && budget.spent())) return true;
    --steps_left;
    --budget.steps;
    return false;
  }

  int lowest_in(const SectionRange& range) const {
    int best = -1;
    for (std::size_t k = 0; k < state.buffers.size(); ++k) {
      const int i = static_cast<int>(k);
      if (state.buffers[k].placed || !state.is_in(i, range)) continue;
      if (best < 0 || std::pair(state.low(i), (*rank)[k]) < std::pair(state.low(best), (*rank)[at(best)]))
        best = i;
    }
    return best;
  }

  int lowest_in_tightest_section(const SectionRange& range) const {
    const SectionState* tightest = nullptr;
    double least = std::numeric_limits<double>::infinity();
    for (int s = range.first; s < range.last; ++s) {
      const SectionState& section = state.sections[at(s)];
      const double score = static_cast<double>(section.candidates) / (1.0 + state.failures(section));
      if (section.unplaced == 0 || score >= least) continue;
      tightest = &section;
      least = score;
    }
    int best = -1;
    for (const SectionItem& item : tightest->items)
      if (!state.buffers[at(item.index)].placed && state.low(item.index) == tightest->low &&
          (best < 0 || (*rank)[at(item.index)] < (*rank)[at(best)]))
        best = item.index;
    return best;
  }

  /// A buffer below which no unplaced neighbor fits, so that all of them will lie above it. -1 if overlaps
  /// with negative distances go round in a circle and there is no such buffer: the search must then give up.
  int choose(const SectionRange& range) const {
    int i = choice == Choice::lowest ? lowest_in(range) : lowest_in_tightest_section(range);
    for (std::size_t tries = 0; tries <= state.buffers.size(); ++tries) {
      const int lower = state.lowest_that_fits_below(i);
      if (lower < 0) return i;
      i = lower;
    }
    return -1;
  }

  /// Independent parts of the range fail on their own: they are solved one after the other, the tightest
  /// first, and the placement of one is not revised when another turns out to be impossible.
  Fit solve(SectionRange range) {
    for (;;) {
      const std::vector<SectionRange> parts = state.unplaced_parts(range);
      if (parts.size() > 1) {
        for (const SectionRange& part : parts)
          if (const Fit fit = solve(part); fit != Fit::found) return fit;
        return Fit::found;
      }
      if (parts.empty()) return Fit::found;
      range = parts.front();
      if (out_of_steps()) return Fit::unknown;
      const int i = choose(range);
      if (i < 0) return Fit::unknown;
      const std::size_t mark = state.mark();
      if (state.place(i) && state.propagate(range))
        if (const Fit fit = solve(range); fit != Fit::impossible) return fit;
      state.undo(mark);
      state.age_failures();
      if (!state.postpone(i) || !state.propagate(range)) return Fit::impossible;
    }
  }

  Fit run(Choice by, const std::vector<int>& by_rank, std::int64_t max_steps) {
    choice = by;
    rank = &by_rank;
    steps_left = max_steps;
    const std::size_t mark = state.mark();
    const Fit fit = solve(state.whole());
    if (fit != Fit::found) state.undo(mark);
    return fit;
  }
};

/// 1, 1, 2, 1, 1, 2, 4, …: the restart lengths of Luby, Sinclair and Zuckerman; i counts from 1.
std::int64_t luby(std::int64_t i) {
  std::int64_t power = 1;
  while (2 * power - 1 < i) power *= 2;
  return 2 * power - 1 == i ? power : luby(i - power + 1);
}

}  // namespace

Fit fit_into(const Instance& instance, std::int64_t capacity, std::int64_t max_steps, Budget& budget,
             Placement& placement) {
  Search search(instance, capacity, budget);
  if (!search.state.start()) return Fit::impossible;
  const std::vector<std::vector<int>> ranks = importance_orders(instance);
  const std::int64_t base = 2 * static_cast<std::int64_t>(instance.buffers.size());
  const std::int64_t end = std::max<std::int64_t>(0, budget.steps - max_steps);
  std::array<std::int64_t, 2> spent{}, runs{};
  for (;;) {  // both ways of choosing get the same number of steps, in longer and longer runs
    const std::size_t way = spent[0] <= spent[1] ? 0 : 1;
    const std::int64_t round = runs[way] / static_cast<std::int64_t>(ranks.size());
    const std::vector<int>& rank = ranks[static_cast<std::size_t>(runs[way]++) % ranks.size()];
    const std::int64_t length =
        way == 0 ? base << std::min<std::int64_t>(round + 1, 32) : base * luby(round + 1);
    const std::int64_t before = budget.steps;
    const Fit fit = search.run(way == 0 ? Choice::lowest : Choice::tightest_section, rank,
                               std::min(length, before - end));
    spent[way] += before - budget.steps;
    if (fit == Fit::found) placement = search.state.placement();
    if (fit != Fit::unknown) return fit;
    if (budget.steps <= end || budget.spent()) return Fit::unknown;
    if (budget.steps == before) return Fit::unknown;  // no step could be taken
  }
}

}  // namespace o2m
