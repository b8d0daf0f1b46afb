// Text form of a Graph for --dump-ir and for tests of passes.
#pragma once

#include <string>

#include "ir/graph.hpp"

namespace o2m {

/// One line per node: `outputs = domain.op_type(inputs) {attributes}`; small constants are shown by value.
std::string dump_graph(const Graph& graph);

}  // namespace o2m
