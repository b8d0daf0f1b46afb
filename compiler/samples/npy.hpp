// NumPy .npy files (format 1.0 to 3.0, little endian, C or Fortran order) as Tensors.
// Why not a library: docs/decisions/npy.md.
#pragma once

#include <filesystem>

#include "ir/tensor.hpp"

namespace o2m {

/// Throws Refusal: not .npy, a dtype without an ONNX type, truncated, or trailing bytes.
Tensor read_npy(const std::filesystem::path& path);
/// The same from memory (for tests and fuzzing).
Tensor parse_npy(std::string_view bytes);
/// Format 1.0, C order. Written completely or not at all.
void write_npy(const std::filesystem::path& path, const Tensor& tensor);

}  // namespace o2m
