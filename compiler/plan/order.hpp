// In which order operators run so that the least memory is in use at the worst moment: exact search over all
// orders that respect who needs whose results. Knows nothing of placement: what counts is the bytes in use at
// each step, a lower bound on any placement for that order.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace o2m {

/// One operator. It runs after all of `after`; its own buffers are those it reads, writes or works in.
struct OrderNode {
  std::vector<int> after;    ///< nodes, with smaller numbers
  std::vector<int> buffers;  ///< each once
};

struct OrderProblem {
  std::vector<OrderNode> nodes;     ///< as numbered, they are an order that works
  std::vector<std::int64_t> sizes;  ///< of the buffers, in bytes
  std::vector<bool> given, kept;    ///< buffers in use before the first node, and after the last
  /// Bytes that the own buffers of `node` take while it runs; before, after: whether each of them, in the
  /// order of OrderNode::buffers, holds something before and behind this node. Not set: the sum of their
  /// sizes.
  std::function<std::int64_t(int node, const std::vector<bool>& before, const std::vector<bool>& after)> need;
};

struct Order {
  std::vector<int> nodes;     ///< in the order to run them
  std::int64_t peak = 0;      ///< most bytes in use at any node
  std::int64_t as_given = 0;  ///< the same for the order of the problem
  bool proven = false;        ///< no order has a lower peak
};

/// The order of the problem unless another is better. At most about `most_steps` times a node is tried, the
/// same number for each place in the order; where that is not enough, the best beginnings go on and nothing
/// is proven.
Order best_order(const OrderProblem& problem, std::size_t most_steps = 300'000);

}  // namespace o2m
