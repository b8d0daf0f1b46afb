// The order in which the nodes of a file are imported.
#pragma once

#include <vector>

#include "import/onnx_proto.hpp"

namespace o2m {

/// Positions of the nodes, each behind those it reads, itself or in its subgraphs: as in the file, which ONNX
/// demands and ONNX Runtime does not. On a cycle a node comes before one it reads.
std::vector<int> topological_order(const onnx::GraphProto& graph);

}  // namespace o2m
