// `onnx2mcu tune`: builds the firmware with every form of code there is, runs each in the simulator, and
// keeps for every layer the form that took the fewest cycles.
#pragma once

#include <filesystem>
#include <functional>

#include "compile.hpp"
#include "tune/tuning_file.hpp"

namespace o2m {

struct TuneResult {
  Tuning layers;
  double before = 0,
         after = 0;  ///< cycles of an inference: as compiled without tuning, and with what was found
};

/// `progress` is told how many of how many simulations are done. Refuses when the tools are missing: cmake,
/// arm-none-eabi-g++, onnx2mcu-sim in PATH or beside this program.
TuneResult tune(const CompileOptions& options, const std::function<void(int, int)>& progress);

}  // namespace o2m
