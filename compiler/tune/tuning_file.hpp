// What `onnx2mcu tune` found out, as a JSON file that later compilations reuse: the form of every layer's
// code, fastest in the simulator, for one model and one target.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "compile.hpp"

namespace o2m {

struct TunedLayer {
  CodeForm form;
  double cycles = 0;  ///< in the simulator
};
using Tuning = std::map<std::string, TunedLayer>;

/// MODEL.TARGET.tuning.json beside the model.
std::filesystem::path default_tuning_file(const CompileOptions& options);

std::string tuning_text(const CompileOptions& options, const Tuning& tuning);

/// The forms in options.tuning, else in the file beside the model; nothing if there is none. Refuses a file
/// that is damaged or was made for another model or target; one beside the model that is of an older version
/// of it is left alone.
std::optional<CodeForms> read_tuning(const CompileOptions& options);

}  // namespace o2m
