// If, Loop and Scan whose course is known at compile time: the nodes they run take their place.
#pragma once

#include "ir/graph.hpp"

namespace o2m {

/// Is `node` control flow whose course is known by now? Refuses what never can be.
bool is_settled(const Graph& graph, const Node& node);

/// Puts what they run in the place of all settled nodes: the branch taken, or the body once per iteration.
/// True if there are any. Values that enter or leave a body pass an Identity with our attribute "border",
/// which stays until lowering: ONNX Runtime fuses operators within a body, not across its border.
bool replace_control_flow(Graph& graph);

}  // namespace o2m
