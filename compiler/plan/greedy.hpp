// Placement in one pass: each buffer goes to the lowest position free for it, in several orders. Most
// networks are placed as low as possible this way; the search starts from what it finds. Also the orders
// themselves.
#pragma once

#include <cstdint>
#include <vector>

#include "plan/instance.hpp"

namespace o2m {

/// Offsets of an Instance's buffers and the height they reach.
struct Placement {
  std::vector<std::int64_t> offsets;
  std::int64_t height = 0;
};

/// Ranks of the buffers (0 = most important) by lifetime, load of their fullest section, area and size, in
/// the combinations that lead to good placements most often, best first.
std::vector<std::vector<int>> importance_orders(const Instance& instance);

/// The lowest placement found; stops at the first that is no higher than `enough`.
Placement place_greedily(const Instance& instance, std::int64_t enough);

}  // namespace o2m
