// Least heights found by trying everything, and random small problems to try. Shares nothing with
// compiler/plan/ but the structures of problem.hpp.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "plan/problem.hpp"

namespace plan_oracle {

using o2m::Overlap;
using o2m::PlanBuffer;
using o2m::PlanProblem;

inline bool meet(const PlanBuffer& a, const PlanBuffer& b) { return a.lower < b.upper && b.lower < a.upper; }

/// Puts the buffers down in every order, each on top of all it meets among those before. Without overlaps
/// only.
struct Permutations {
  const PlanProblem& problem;
  std::int64_t best = std::numeric_limits<std::int64_t>::max();
  std::vector<std::int64_t> ends = std::vector<std::int64_t>(problem.buffers.size(), -1);

  void extend(std::size_t placed, std::int64_t height) {
    if (height >= best) return;
    if (placed == ends.size()) best = height;
    for (std::size_t i = 0; i < ends.size(); ++i) {
      if (ends[i] >= 0) continue;
      const PlanBuffer& b = problem.buffers[i];
      std::int64_t offset = 0;
      for (std::size_t j = 0; j < ends.size(); ++j)
        if (ends[j] >= 0 && b.size > 0 && meet(b, problem.buffers[j])) offset = std::max(offset, ends[j]);
      offset = (offset + b.alignment - 1) / b.alignment * b.alignment;
      ends[i] = offset + b.size;
      extend(placed + 1, std::max(height, b.size > 0 ? ends[i] : 0));
      ends[i] = -1;
    }
  }
};

inline std::int64_t least_height_by_permutations(const PlanProblem& problem) {
  Permutations all{problem};
  all.extend(0, -1);
  return std::max<std::int64_t>(0, all.best);
}

/// Tries every offset of every buffer, straight from the definitions.
struct Offsets {
  const PlanProblem& problem;
  std::int64_t best;
  std::vector<std::int64_t> offsets = {};

  bool allowed(std::size_t i, std::size_t j) const {
    const PlanBuffer &a = problem.buffers[i], &b = problem.buffers[j];
    if (!meet(a, b) || offsets[i] + a.size <= offsets[j] || offsets[j] + b.size <= offsets[i]) return true;
    for (const Overlap& o : problem.overlaps) {
      const auto below = static_cast<std::size_t>(o.below), above = static_cast<std::size_t>(o.above);
      if (((below == i && above == j) || (below == j && above == i)) &&
          offsets[below] + o.distance <= offsets[above])
        return true;
    }
    return false;
  }
  void extend(std::int64_t height) {
    const std::size_t i = offsets.size();
    if (i == problem.buffers.size()) {
      best = height;
      return;
    }
    const PlanBuffer& b = problem.buffers[i];
    for (std::int64_t offset = 0; std::max(height, offset + b.size) < best; offset += b.alignment) {
      offsets.push_back(offset);
      bool good = true;
      for (std::size_t j = 0; good && j < i; ++j) good = allowed(i, j);
      if (good) extend(std::max(height, offset + b.size));
      offsets.pop_back();
    }
  }
};

inline std::int64_t least_height_by_offsets(const PlanProblem& problem, std::int64_t known) {
  Offsets all{problem, known + 1};
  all.extend(0);
  return all.best;
}

struct RandomProblems {
  std::mt19937 random;
  std::int64_t below(std::int64_t end) {
    return static_cast<std::int64_t>(random() % static_cast<std::uint32_t>(end));
  }

  PlanProblem next(std::int64_t most_buffers, std::int64_t largest, std::int64_t most_overlaps) {
    PlanProblem problem;
    const std::int64_t count = 1 + below(most_buffers), times = 2 + below(7), sizes = 1 + below(largest);
    const std::int64_t unit = below(4) == 0 ? 3 : 1;
    const bool aligned = below(3) == 0;
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int64_t lower = below(times), upper = lower + 1 + below(times);
      const std::int64_t size = (below(20) == 0 ? 0 : 1 + below(sizes)) * unit;
      problem.buffers.push_back(
          {"b" + std::to_string(i), lower, upper, size, aligned ? std::int64_t{1} << below(3) : 1});
    }
    for (std::int64_t k = most_overlaps > 0 ? below(most_overlaps + 1) : 0; k > 0 && count > 1; --k) {
      const int a = static_cast<int>(below(count)), b = static_cast<int>(below(count - 1));
      problem.overlaps.push_back({a, b + (b >= a ? 1 : 0), below(sizes * unit + 3) - sizes * unit / 2});
    }
    return problem;
  }

  /// Around the smallest problem whose least height (6) is more than its load (5): about half of the problems
  /// keep a gap between the two, which is rare among random ones and leaves it to the search to prove the
  /// height.
  PlanProblem next_with_gap() {
    PlanProblem problem{.buffers = {{"a", 6, 10, 1},
                                    {"b", 8, 12, 1},
                                    {"c", 10, 14, 2},
                                    {"d", 0, 8, 2},
                                    {"e", 12, 14, 3},
                                    {"f", 4, 12, 2},
                                    {"g", 0, 2, 3}}};
    const std::int64_t factor = 1 + below(4);
    for (PlanBuffer& b : problem.buffers) {
      b.size *= factor;
      if (below(6) == 0) b.size = std::max<std::int64_t>(1, b.size + below(3) - 1);
      if (below(8) == 0) b.lower -= below(3);
      if (below(8) == 0) b.upper += below(3);
    }
    return problem;
  }
};

}  // namespace plan_oracle
