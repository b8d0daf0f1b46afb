// The files of templates/ and runtime/, built into the compiler so that one executable is all a user needs.
#pragma once

#include <span>
#include <string_view>

namespace o2m {

struct EmbeddedFile {
  std::string_view path;  ///< "templates/layer.hpp.in", "runtime/onnx2mcu/core.hpp"
  std::string_view text;
};

std::span<const EmbeddedFile> embedded_files();
/// Throws std::logic_error when there is no such file: a fault of the compiler, not of the model.
std::string_view embedded_file(std::string_view path);

}  // namespace o2m
