// Graph -> ONNX file: what `quantize` writes. The inverse of import.hpp; only compiler/import/ sees protobuf.
#pragma once

#include <filesystem>
#include <string>

#include "ir/graph.hpp"

namespace o2m {

/// The bytes of a ModelProto. Values keep their names but for equal ones, which get a number. The same Graph
/// gives the same bytes. Refuses a graph that is channels-last or holds nodes of our own.
std::string export_model(const Graph& graph);

}  // namespace o2m
