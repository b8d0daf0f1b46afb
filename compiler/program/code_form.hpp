// How the code of a layer is written: in plain loops, or in blocks of accumulators that stay in registers,
// with an innermost loop unrolled so far. Chosen by --unroll and the planner, carried out by lowering and the
// kernels.
#pragma once

#include <map>
#include <set>
#include <string>

namespace o2m {

enum class Unroll {
  automatic,  ///< what is fastest, within the code budget
  full,       ///< innermost loops written out wherever flash has room
  size,       ///< the smallest code
};

struct CodeForm {
  bool blocked = true;  ///< false: the plain loops of the portable kernels, a third of the code
  int unroll = 8;       ///< steps of the innermost loop in one piece: 1, 2, 4, 8, or all_steps
  bool direct =
      false;  ///< inputs read where they lie instead of from patches, where there is such a kernel: less RAM
  friend bool operator==(const CodeForm&, const CodeForm&) = default;
};

inline constexpr int all_steps = 1 << 20;

struct CodeForms {
  CodeForm common;
  std::map<std::string, CodeForm> layers = {};  ///< exceptions, by the layer's name
  std::set<std::string> winograd =
      {};  ///< layers that take Winograd's algorithm if they can: less time, larger weights
  const CodeForm& of(const std::string& layer) const {
    const auto found = layers.find(layer);
    return found == layers.end() ? common : found->second;
  }
};

}  // namespace o2m
