#include "plan/simplify.hpp"

#include <algorithm>
#include <utility>

#include "plan/instance.hpp"

namespace o2m {
namespace {

constexpr int most_rounds = 8;  // each takes out what the round before has set free

/// Number and bytes of the buffers alive in a span of time: those that begin before its end without those
/// that end before its beginning.
class Alive {
 public:
  Alive(const PlanProblem& problem, const std::vector<int>& indices) {
    for (const int i : indices) {
      const PlanBuffer& b = problem.buffers[at(i)];
      begins_.push_back({b.lower, b.size});
      ends_.push_back({b.upper, b.size});
    }
    for (auto* events : {&begins_, &ends_}) {
      std::sort(events->begin(), events->end());
      std::int64_t bytes = 0;
      for (auto& event : *events) bytes = event.second += bytes;
    }
  }
  std::pair<std::int64_t, std::int64_t> count_and_bytes(std::int64_t lower, std::int64_t upper) const {
    const auto [begun, begun_bytes] = before(begins_, upper);
    const auto [ended, ended_bytes] = before(ends_, lower + 1);
    return {begun - ended, begun_bytes - ended_bytes};
  }

 private:
  using Events = std::vector<std::pair<std::int64_t, std::int64_t>>;  // step, bytes up to and with this one

  static std::pair<std::int64_t, std::int64_t> before(const Events& events, std::int64_t step) {
    const auto end = std::lower_bound(events.begin(), events.end(), std::pair(step, std::int64_t{-1}));
    return {end - events.begin(), end == events.begin() ? 0 : std::prev(end)->second};
  }

  Events begins_, ends_;
};

/// The buffers placed so far, by the step in which they begin.
class Placed {
 public:
  Placed(const PlanProblem& problem, const std::vector<std::int64_t>& offsets)
      : problem_(problem), offsets_(offsets) {}

  void add(int i) {
    const auto [lower, upper] = span(i);
    const auto where = std::upper_bound(order_.begin(), order_.end(), lower,
                                        [&](std::int64_t step, int j) { return step < span(j).first; });
    order_.insert(where, i);
    longest_ = std::max(longest_, upper - lower);
  }
  /// The lowest position where i meets none of those alive with it.
  std::int64_t lowest_free(int i) const {
    const PlanBuffer& b = problem_.buffers[at(i)];
    std::vector<std::pair<std::int64_t, std::int64_t>> taken;
    auto j = std::upper_bound(order_.begin(), order_.end(), b.lower - longest_,
                              [&](std::int64_t step, int k) { return step < span(k).first; });
    for (; j != order_.end() && span(*j).first < b.upper; ++j)
      if (span(*j).second > b.lower) taken.emplace_back(offsets_[at(*j)], problem_.buffers[at(*j)].size);
    std::sort(taken.begin(), taken.end());
    std::int64_t position = 0;
    for (const auto& [offset, size] : taken)
      if (offset < position + b.size) position = std::max(position, round_up(offset + size, b.alignment));
    return position;
  }

 private:
  std::pair<std::int64_t, std::int64_t> span(int i) const {
    return {problem_.buffers[at(i)].lower, problem_.buffers[at(i)].upper};
  }

  const PlanProblem& problem_;
  const std::vector<std::int64_t>& offsets_;
  std::vector<int> order_;
  std::int64_t longest_ = 0;
};

}  // namespace

Simplified simplify(const PlanProblem& whole, std::int64_t height) {
  Simplified result;
  for (std::size_t i = 0; i < whole.buffers.size(); ++i)
    if (whole.buffers[i].size > 0) result.sources.push_back(static_cast<int>(i));
  for (int round = 0; round < most_rounds; ++round) {
    const Alive alive(whole, result.sources);
    const auto is_hard = [&](int i) {
      const PlanBuffer& b = whole.buffers[at(i)];
      const auto [count, bytes] = alive.count_and_bytes(b.lower, b.upper);  // with b itself
      return count * (b.size + b.alignment - 1) > height - (bytes - b.size);
    };
    const auto easy = std::stable_partition(result.sources.begin(), result.sources.end(), is_hard);
    if (easy == result.sources.end()) break;
    result.easy.insert(result.easy.end(), easy, result.sources.end());
    result.sources.erase(easy, result.sources.end());
  }
  std::vector<int> index(whole.buffers.size(), -1);
  for (const int i : result.sources) {
    index[at(i)] = static_cast<int>(result.problem.buffers.size());
    result.problem.buffers.push_back(whole.buffers[at(i)]);
  }
  for (const Overlap& o : whole.overlaps)
    if (index[at(o.below)] >= 0 && index[at(o.above)] >= 0)
      result.problem.overlaps.push_back({index[at(o.below)], index[at(o.above)], o.distance});
  return result;
}

void place_easy(const PlanProblem& whole, const Simplified& simplified, std::vector<std::int64_t>& offsets) {
  Placed placed(whole, offsets);
  for (const int i : simplified.sources) placed.add(i);
  for (auto i = simplified.easy.rbegin(); i != simplified.easy.rend(); ++i) {
    offsets[at(*i)] = placed.lowest_free(*i);
    placed.add(*i);
  }
}

}  // namespace o2m
