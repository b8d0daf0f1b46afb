// The part of a PlanProblem that one search works on (buffers connected in time), prepared for it: which
// buffers meet, how far apart they must then be, and the moments, called sections, at which the most of them
// are alive.
#pragma once

#include <cstdint>
#include <vector>

#include "plan/problem.hpp"

namespace o2m {

/// A buffer alive at the same time as the one that owns this entry ("this"). One of the two must hold:
struct Neighbor {
  int index = 0;
  std::int64_t when_below = 0;  ///< this below it: offset[index] >= offset[this] + when_below
  std::int64_t when_above = 0;  ///< this above it: offset[this] >= offset[index] + when_above
};

struct InstanceBuffer {
  int source = 0;  ///< index into PlanProblem::buffers
  std::int64_t size = 0, alignment = 1, lifetime = 0;
  int first = 0, last = 0;  ///< alive in the sections [first, last)
  std::vector<Neighbor> neighbors;
};

/// The weights of any set of a section's buffers add up to no more than the bytes that the set occupies,
/// counted in whole grains: a buffer takes the last grain it touches for itself.
struct SectionItem {
  int index = 0;
  std::int64_t weight = 0;
};

struct Section {
  std::vector<SectionItem> items;
  std::int64_t grain = 1;  ///< every alignment in the section is a multiple of it
};

struct Instance {
  std::vector<InstanceBuffer> buffers;
  std::vector<Section> sections;  ///< in order of time
  std::int64_t unit = 1;          ///< every height worth considering is a multiple of it
  std::int64_t lower_bound = 0;   ///< from the sections' loads; a multiple of unit
};

/// Buffers of size 0 are in no instance.
std::vector<Instance> make_instances(const PlanProblem& problem);

inline std::size_t at(int index) { return static_cast<std::size_t>(index); }

/// Towards +infinity and -infinity, for negative values too.
std::int64_t round_up(std::int64_t value, std::int64_t multiple);
std::int64_t round_down(std::int64_t value, std::int64_t multiple);

}  // namespace o2m
