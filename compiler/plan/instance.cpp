#include "plan/instance.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

namespace o2m {
namespace {

using Distances = std::map<std::pair<int, int>, std::int64_t>;  // (below, above), indices into the problem

/// Overlaps that say more than "below ends before above starts".
Distances distances_of(const PlanProblem& problem) {
  Distances distances;
  for (const Overlap& o : problem.overlaps) {
    const PlanBuffer &a = problem.buffers[at(o.below)], &b = problem.buffers[at(o.above)];
    if (a.size == 0 || b.size == 0 || o.distance >= a.size) continue;
    const auto [it, added] = distances.try_emplace({o.below, o.above}, o.distance);
    if (!added) it->second = std::min(it->second, o.distance);
  }
  return distances;
}

std::int64_t distance(const Distances& distances, int below, int above, std::int64_t size_below) {
  const auto it = distances.find({below, above});
  return it == distances.end() ? size_below : it->second;
}

/// Groups of buffers such that no two groups are alive at the same time.
std::vector<std::vector<int>> connected_in_time(const std::vector<PlanBuffer>& buffers) {
  std::vector<int> order;
  for (std::size_t i = 0; i < buffers.size(); ++i)
    if (buffers[i].size > 0) order.push_back(static_cast<int>(i));
  std::stable_sort(order.begin(), order.end(),
                   [&](int a, int b) { return buffers[at(a)].lower < buffers[at(b)].lower; });
  std::vector<std::vector<int>> groups;
  std::int64_t end = 0;
  for (const int i : order) {
    if (groups.empty() || buffers[at(i)].lower >= end) {
      groups.emplace_back();
      end = buffers[at(i)].upper;
    }
    groups.back().push_back(i);
    end = std::max(end, buffers[at(i)].upper);
  }
  return groups;
}

/// Most bytes, in whole grains, that `a` (below) and `b` (above, at least `apart` higher) can have in common.
std::int64_t most_shared(std::int64_t a, std::int64_t b, std::int64_t apart) {
  return apart <= std::max<std::int64_t>(0, a - b) ? std::min(a, b) : std::max<std::int64_t>(0, a - apart);
}

/// What two buffers may share is taken off the weight of one of them: off the smaller, or off the one that
/// shares with more partners, so that several partners do not all lose the same bytes.
void subtract_shared(const Instance& instance, const Distances& distances, Section& section) {
  std::map<int, std::size_t> position;  // by source
  std::map<int, int> partners;
  for (std::size_t k = 0; k < section.items.size(); ++k)
    position[instance.buffers[at(section.items[k].index)].source] = k;
  const auto size = [&](int source) {
    return instance.buffers[at(section.items[position[source]].index)].size;
  };
  const auto padded = [&](int source) { return round_up(size(source), section.grain); };
  const auto for_each_within = [&](auto body) {  // every distance between two buffers of the section
    for (const SectionItem& item : section.items) {
      const int below = instance.buffers[at(item.index)].source;
      for (auto d = distances.lower_bound({below, 0}); d != distances.end() && d->first.first == below; ++d)
        if (position.contains(d->first.second)) body(below, d->first.second, d->second);
    }
  };
  std::map<std::pair<int, int>, std::int64_t> shared;
  for_each_within([&](int below, int above, std::int64_t distance) {
    ++partners[below], ++partners[above];
    const std::int64_t bytes = most_shared(padded(below), padded(above), round_up(distance, section.grain));
    std::int64_t& most = shared[std::minmax(below, above)];
    most = std::max(most, bytes);
  });
  for (const auto& [pair, bytes] : shared) {
    SectionItem &a = section.items[position[pair.first]], &b = section.items[position[pair.second]];
    const std::int64_t size_a = size(pair.first), size_b = size(pair.second);
    const bool from_a = size_a != size_b ? size_a < size_b : partners[pair.first] >= partners[pair.second];
    (from_a ? a : b).weight -= bytes;
  }
  for (SectionItem& item : section.items) item.weight = std::max<std::int64_t>(0, item.weight);
}

void add_section(Instance& instance, const Distances& distances, const std::vector<int>& alive) {
  const int number = static_cast<int>(instance.sections.size());
  Section section;
  section.grain = 0;
  for (const int i : alive) section.grain = std::gcd(section.grain, instance.buffers[at(i)].alignment);
  for (const int i : alive) {
    InstanceBuffer& buffer = instance.buffers[at(i)];
    if (buffer.last == 0) buffer.first = number;
    buffer.last = number + 1;
    section.items.push_back({i, round_up(buffer.size, section.grain)});
  }
  if (!distances.empty()) subtract_shared(instance, distances, section);
  instance.sections.push_back(std::move(section));
}

/// The moments between two changes at which something has just begun and something is about to end: every
/// other moment has fewer buffers than one of these. Where buffers may overlap, fewer buffers can weigh more,
/// so all moments count.
void add_sections(Instance& instance, const PlanProblem& problem, const Distances& distances) {
  std::vector<std::int64_t> times;
  const auto source = [&](std::size_t i) -> const PlanBuffer& {
    return problem.buffers[at(instance.buffers[i].source)];
  };
  for (std::size_t i = 0; i < instance.buffers.size(); ++i) {
    times.push_back(source(i).lower);
    times.push_back(source(i).upper);
  }
  std::sort(times.begin(), times.end());
  times.erase(std::unique(times.begin(), times.end()), times.end());
  std::vector<int> alive;
  std::size_t next = 0;  // the buffers come in the order in which they begin
  for (std::size_t t = 0; t + 1 < times.size(); ++t) {
    std::erase_if(alive, [&](int i) { return source(at(i)).upper <= times[t]; });
    bool begins = false, ends = false;
    for (; next < instance.buffers.size() && source(next).lower == times[t]; ++next, begins = true)
      alive.push_back(static_cast<int>(next));
    for (const int i : alive) ends = ends || source(at(i)).upper == times[t + 1];
    if ((begins && ends) || !distances.empty()) add_section(instance, distances, alive);
  }
}

void add_neighbors(Instance& instance, const Distances& distances) {
  for (std::size_t i = 0; i < instance.buffers.size(); ++i)
    for (std::size_t j = i + 1; j < instance.buffers.size(); ++j) {
      InstanceBuffer &a = instance.buffers[i], &b = instance.buffers[j];
      if (b.first >= a.last) break;  // as do all that begin later
      const std::int64_t below = distance(distances, a.source, b.source, a.size);
      const std::int64_t above = distance(distances, b.source, a.source, b.size);
      if (a.first >= b.last || below + above <= 1) continue;  // one of the two always holds
      a.neighbors.push_back({static_cast<int>(j), below, above});
      b.neighbors.push_back({static_cast<int>(i), above, below});
    }
}

/// Offsets are sums of sizes and distances, rounded up to alignments.
std::int64_t unit_of(const Instance& instance, const Distances& distances) {
  std::int64_t unit = 0;
  for (const InstanceBuffer& b : instance.buffers) unit = std::gcd(unit, b.size);
  for (const auto& d : distances) unit = std::gcd(unit, d.second);
  for (bool changed = true; changed;) {
    changed = false;
    for (const InstanceBuffer& b : instance.buffers) {
      if (unit % b.alignment == 0 || b.alignment % unit == 0) continue;
      unit = std::gcd(unit, b.alignment);
      changed = true;
    }
  }
  return unit;
}

std::int64_t load_bound(const Instance& instance) {
  std::int64_t bound = 0;
  for (const Section& section : instance.sections) {
    std::int64_t load = 0, padding = 0;  // the highest buffer need not be padded
    for (const SectionItem& item : section.items) {
      const std::int64_t size = instance.buffers[at(item.index)].size;
      load += item.weight;
      padding = std::max(padding, round_up(size, section.grain) - size);
      bound = std::max(bound, size);
    }
    bound = std::max(bound, load - padding);
  }
  return round_up(bound, instance.unit);
}

}  // namespace

std::int64_t round_up(std::int64_t value, std::int64_t multiple) { return -round_down(-value, multiple); }

std::int64_t round_down(std::int64_t value, std::int64_t multiple) {
  const std::int64_t rest = value % multiple;
  return value - (rest < 0 ? rest + multiple : rest);
}

std::vector<Instance> make_instances(const PlanProblem& problem) {
  const Distances distances = distances_of(problem);
  std::vector<Instance> instances;
  for (const std::vector<int>& group : connected_in_time(problem.buffers)) {
    Instance instance;
    for (const int i : group) {
      const PlanBuffer& b = problem.buffers[at(i)];
      instance.buffers.push_back({i, b.size, b.alignment, b.upper - b.lower, 0, 0, {}});
    }
    add_sections(instance, problem, distances);
    add_neighbors(instance, distances);
    instance.unit = unit_of(instance, distances);
    instance.lower_bound = load_bound(instance);
    instances.push_back(std::move(instance));
  }
  return instances;
}

}  // namespace o2m
