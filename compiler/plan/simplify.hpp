// Takes out of a problem the buffers that find room in any placement of the others, so that the search only
// sees those that decide the height; and puts them back. A long chain of small tensors is nothing to search
// then.
#pragma once

#include <vector>

#include "plan/problem.hpp"

namespace o2m {

/// A problem without its easy buffers. `sources` are the indices of its buffers in the whole problem; `easy`
/// those of the others, in the order in which they were taken out.
struct Simplified {
  PlanProblem problem;
  std::vector<int> sources, easy;
};

/// Taken out is what fits whatever the buffers alive with it do below `height`, for they leave it a wide
/// enough gap: k of them cut the height into at most k + 1, the widest of which has at least their share of
/// the rest.
Simplified simplify(const PlanProblem& whole, std::int64_t height);

/// Puts the easy buffers into a plan of the rest (offsets of the whole problem's buffers): at the lowest
/// position that is free for each, the last to be taken out first.
void place_easy(const PlanProblem& whole, const Simplified& simplified, std::vector<std::int64_t>& offsets);

}  // namespace o2m
