// Reads a model file into ONNX's protobuf form: binary .onnx, or protobuf text (.txtpb, .textproto).
// Only compiler/import/ sees protobuf.
#pragma once

#include <filesystem>
#include <string_view>

#include "import/onnx_proto.hpp"

namespace o2m {

/// Throws Refusal when the file cannot be opened, is larger than protobuf's 2 GiB, or is not a ModelProto.
onnx::ModelProto read_model(const std::filesystem::path& path);

enum class ModelForm { binary, text };
/// The same from memory (for fuzzing).
onnx::ModelProto parse_model(std::string_view bytes, ModelForm form);

}  // namespace o2m
