// Complete search for a placement no higher than a given capacity. It decides one buffer at a time: it lies
// at its lowest possible position, or it lies on top of a neighbor not placed yet. That covers every
// placement in which no buffer can be moved down, so an exhausted search is a proof that there is none.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "plan/greedy.hpp"
#include "plan/instance.hpp"

namespace o2m {

/// What a search may still spend. Steps are counted the same on every machine; the deadline is not.
struct Budget {
  std::int64_t steps = 0;
  std::optional<std::chrono::steady_clock::time_point> deadline;
  bool spent() const { return steps <= 0 || (deadline && std::chrono::steady_clock::now() >= *deadline); }
};

enum class Fit { found, impossible, unknown };

/// `found` fills `placement`; `unknown` means that `max_steps` or the budget ran out. Steps are taken off the
/// budget.
Fit fit_into(const Instance& instance, std::int64_t capacity, std::int64_t max_steps, Budget& budget,
             Placement& placement);

}  // namespace o2m
