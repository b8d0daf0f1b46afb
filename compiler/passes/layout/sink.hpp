// Moving Transposes below the nodes that read them, towards the next one they cancel with.
#pragma once

#include "passes/layout/transpose.hpp"

namespace o2m {

/// If node `n` can work on its inputs before their (equal) Transposes, does so and transposes its output
/// instead.
bool sink_into(GraphEditor& edit, const Uses& uses, std::size_t n);

}  // namespace o2m
