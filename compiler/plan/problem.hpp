// Buffers with lifetimes, and where they lie in the arena: plain data, nothing of ONNX. Two buffers whose
// lifetimes intersect must not share bytes, except as an Overlap between them allows. Sizes and offsets are
// in bytes, or in any other unit; lifetimes are half-open, in steps.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace o2m {

/// Largest total of all sizes and alignments: everything the planner adds up stays far from the end of int64.
inline constexpr std::int64_t max_plan_bytes = std::int64_t{1} << 52;

struct PlanBuffer {
  std::string name;
  std::int64_t lower = 0, upper = 0;  ///< alive in [lower, upper); lower < upper
  std::int64_t size = 0;              ///< >= 0; a buffer of size 0 meets no other
  std::int64_t alignment = 1;         ///< >= 1; the offset is a multiple of it
};

/// Buffers `below` and `above` may share bytes provided  offset[below] + distance <= offset[above].  Without
/// it that sum has size[below] in the place of distance; the other way of keeping apart (`below` entirely
/// over `above`) is untouched. distance may be negative: `below` may then start up to -distance bytes over
/// the start of `above`. Several between the same two buffers are alternatives: one that holds is enough.
struct Overlap {
  int below = 0, above = 0;  ///< indices into PlanProblem::buffers
  std::int64_t distance = 0;
};

struct PlanProblem {
  std::vector<PlanBuffer> buffers = {};
  std::vector<Overlap> overlaps = {};
};

/// An operator reads `input` and writes `output`, both from their first byte to their last. `lead` is the
/// largest value, over all writes, of (end of the bytes written so far, from the start of output) - (first
/// input byte still to be read, from the start of input). 0: each element is read before the element at its
/// place is written, as in place.
inline Overlap overlap_ascending(int output, int input, std::int64_t lead) { return {output, input, lead}; }

/// The same for an operator that works from the last byte to the first; `lead` is counted from the buffers'
/// ends.
inline Overlap overlap_descending(const PlanProblem& problem, int output, int input, std::int64_t lead) {
  const auto size = [&](int i) { return problem.buffers[static_cast<std::size_t>(i)].size; };
  return {input, output, size(input) - size(output) + lead};
}

struct Plan {
  std::vector<std::int64_t> offsets = {};  ///< one per buffer
  std::int64_t height = 0;                 ///< largest offset + size
  std::int64_t lower_bound = 0;            ///< proven: no placement is lower
  bool proven_minimal = false;             ///< height == lower_bound
  std::int64_t steps = 0;                  ///< decisions the search took
};

}  // namespace o2m
