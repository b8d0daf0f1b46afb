// --optimize time: which weights are copied to the RAM closest to the core, so that no layer waits for a line
// of flash. See docs/decisions/weights-in-ram.md.
#pragma once

#include <string>
#include <vector>

#include "compile.hpp"

namespace o2m {

/// Marks what lies there, beside arena, stack and variables: first the weights that are read most often. The
/// others may go to a larger RAM. Nothing where the data cache holds all weights anyway, or `words` (of
/// --place) say where they are.
void choose_hot_weights(Network& network, const Target& target, const std::vector<std::string>& words);

/// One line for the report: how much is copied and what it saves; empty if nothing is.
std::string hot_weights_text(const Program& program, const Target& target);

}  // namespace o2m
