// What RAM costs: the arena and the expected cycles of the same network without sharing, with sharing, and
// with streams, whichever of them was asked for.
#pragma once

#include <string>
#include <vector>

#include "compile.hpp"
#include "cost/cost.hpp"

namespace o2m {

struct RamChoice {
  std::string name;
  std::string optimize;  ///< values of --optimize that lead here; empty: none does
  bool taken = false;    ///< by this compilation
  std::int64_t arena_bytes = 0, stack_bytes = 0;
  bool proven_minimal = false;  ///< the arena, for the order of the layers and the streams chosen
  NetworkCost cost;
};

/// Compiles the model once for each.
std::vector<RamChoice> ram_choices(const CompileOptions& options);

/// "4,252 + 520 of stack" and the like, as lines of text for a terminal.
std::string ram_choices_text(const std::vector<RamChoice>& choices);

}  // namespace o2m
