#include "plan/greedy.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>
#include <set>
#include <tuple>
#include <utility>

namespace o2m {
namespace {

Placement measured(const Instance& instance, std::vector<std::int64_t> offsets) {
  Placement placement{std::move(offsets), 0};
  for (std::size_t i = 0; i < instance.buffers.size(); ++i)
    placement.height = std::max(placement.height, placement.offsets[i] + instance.buffers[i].size);
  return placement;
}

/// From the bottom up: always the buffer that can lie lowest, on top of what is placed; among equals the
/// first in rank.
Placement place_lowest_first(const Instance& instance, const std::vector<int>& rank) {
  const std::size_t count = instance.buffers.size();
  std::vector<std::int64_t> offsets(count, 0);
  std::vector<char> placed(count, 0);
  std::set<std::tuple<std::int64_t, int, int>> waiting;  // offset, rank, index
  for (std::size_t i = 0; i < count; ++i) waiting.emplace(0, rank[i], static_cast<int>(i));
  while (!waiting.empty()) {
    const int next = std::get<2>(*waiting.begin());
    waiting.erase(waiting.begin());
    placed[at(next)] = 1;
    for (const Neighbor& n : instance.buffers[at(next)].neighbors) {
      std::int64_t& offset = offsets[at(n.index)];
      const std::int64_t top =
          round_up(offsets[at(next)] + n.when_below, instance.buffers[at(n.index)].alignment);
      if (placed[at(n.index)] || top <= offset) continue;
      waiting.erase({offset, rank[at(n.index)], n.index});
      offset = top;
      waiting.emplace(offset, rank[at(n.index)], n.index);
    }
  }
  return measured(instance, std::move(offsets));
}

/// In order of rank: each buffer at the lowest position free for it, in a gap if one is large enough.
Placement place_first_fit(const Instance& instance, const std::vector<int>& rank) {
  const std::size_t count = instance.buffers.size();
  std::vector<int> order(count);
  for (std::size_t i = 0; i < count; ++i) order[at(rank[i])] = static_cast<int>(i);
  std::vector<std::int64_t> offsets(count, -1);
  std::vector<std::pair<std::int64_t, std::int64_t>> forbidden;  // open intervals
  for (const int i : order) {
    forbidden.clear();
    for (const Neighbor& n : instance.buffers[at(i)].neighbors)
      if (const std::int64_t other = offsets[at(n.index)]; other >= 0)
        forbidden.emplace_back(other - n.when_below, other + n.when_above);
    std::sort(forbidden.begin(), forbidden.end());
    std::int64_t position = 0;
    for (const auto& [lower, upper] : forbidden) {
      if (position <= lower) break;
      if (position < upper) position = round_up(upper, instance.buffers[at(i)].alignment);
    }
    offsets[at(i)] = position;
  }
  return measured(instance, std::move(offsets));
}

}  // namespace

std::vector<std::vector<int>> importance_orders(const Instance& instance) {
  constexpr int lifetime = 0, load = 1, area = 2, size = 3, criteria = 4;
  const std::size_t count = instance.buffers.size();
  std::vector<std::int64_t> loads;
  for (const Section& section : instance.sections) {
    loads.push_back(0);
    for (const SectionItem& item : section.items) loads.back() += item.weight;
  }
  std::vector<std::array<double, criteria>> keys(count);
  for (std::size_t i = 0; i < count; ++i) {
    const InstanceBuffer& b = instance.buffers[i];
    const auto fullest = std::max_element(loads.begin() + b.first, loads.begin() + b.last);
    keys[i][lifetime] = static_cast<double>(b.lifetime);
    keys[i][load] = static_cast<double>(*fullest);
    keys[i][area] = static_cast<double>(b.lifetime) * static_cast<double>(b.size);
    keys[i][size] = static_cast<double>(b.size);
  }
  std::vector<std::vector<int>> ranks;
  constexpr std::array<std::array<int, 3>, 5> orders = {{{lifetime, area, load},
                                                         {load, area, lifetime},
                                                         {load, lifetime, area},
                                                         {area, lifetime, load},
                                                         {size, lifetime, load}}};
  for (const std::array<int, 3>& by : orders) {
    std::vector<int> order(count), rank(count);
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
      for (const int k : by)
        if (keys[at(a)][at(k)] != keys[at(b)][at(k)]) return keys[at(a)][at(k)] > keys[at(b)][at(k)];
      return false;
    });
    for (std::size_t i = 0; i < count; ++i) rank[at(order[i])] = static_cast<int>(i);
    ranks.push_back(std::move(rank));
  }
  return ranks;
}

Placement place_greedily(const Instance& instance, std::int64_t enough) {
  Placement best;
  best.height = std::numeric_limits<std::int64_t>::max();
  for (const std::vector<int>& rank : importance_orders(instance))
    for (const auto method : {place_lowest_first, place_first_fit}) {
      Placement placement = method(instance, rank);
      if (placement.height < best.height) best = std::move(placement);
      if (best.height <= enough) return best;
    }
  return best;
}

}  // namespace o2m
