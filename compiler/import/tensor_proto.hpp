// TensorProto -> Tensor: raw, typed and external data, 4-bit unpacking, with every size checked.
#pragma once

#include <filesystem>

#include "import/onnx_proto.hpp"
#include "ir/tensor.hpp"

namespace o2m {

/// Throws Refusal with the reason. External data is read only from inside `model_folder`.
Tensor import_tensor(const onnx::TensorProto& proto, const std::filesystem::path& model_folder);

}  // namespace o2m
