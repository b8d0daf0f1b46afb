// What a layer is expected to cost on a chip: cycles, flash wait states and caches included, and bytes of
// code. A model fitted to the simulator (bench/cost.py), not a measurement.
#pragma once

#include <cstdint>
#include <optional>

#include "program/program.hpp"
#include "target.hpp"

namespace o2m {

struct LayerCost {
  double cycles = 0;
  std::int64_t code_bytes = 0;
};

/// Nothing for a kernel that the model does not know, or for a target that is no chip.
std::optional<LayerCost> layer_cost(const Program& program, const Call& call, const Target& target);

struct NetworkCost {
  double cycles = 0;
  std::int64_t code_bytes = 0;
  int unknown_layers = 0;  ///< not counted above
};
NetworkCost network_cost(const Program& program, const Target& target);

}  // namespace o2m
