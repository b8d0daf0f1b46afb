// ModelProto -> Graph. Checks everything the later passes rely on: names, order, tensor sizes, opsets, types.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "diagnostics.hpp"
#include "import/onnx_proto.hpp"
#include "ir/graph.hpp"

namespace o2m {

struct ImportOptions {
  std::filesystem::path model_folder;         ///< external data must lie inside it
  std::map<std::string, Shape> input_shapes;  ///< --input-shape NAME=1,3,32,32
};

/// Throws Refused with every problem found.
Graph import_model(const onnx::ModelProto& model, const ImportOptions& options, Diagnostics& diagnostics);

}  // namespace o2m
