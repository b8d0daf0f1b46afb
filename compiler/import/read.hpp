// Reads a model file into ONNX's protobuf form: binary .onnx, or protobuf text (.txtpb, .textproto).
// Only compiler/import/ sees protobuf.
#pragma once

#include <filesystem>

#include "import/onnx_proto.hpp"

namespace o2m {

/// Throws Refusal when the file cannot be opened, is larger than protobuf's 2 GiB, or is not a ModelProto.
onnx::ModelProto read_model(const std::filesystem::path& path);

}  // namespace o2m
