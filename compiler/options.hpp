// The command line as data. Parsing (CLI11) lives in options.cpp; what the commands do, in commands/.
#pragma once

#include <string>
#include <vector>

#include "compile.hpp"
#include "host/compare.hpp"
#include "host/host_run.hpp"
#include "quantize/quantize.hpp"

namespace o2m {

enum class Command { compile, inspect, run, validate, quantize, tune, plan, device, list_ops, list_targets };

/// What only `quantize` reads.
struct QuantizeArguments {
  QuantizeOptions options;
  std::vector<std::string> calibration;  ///< --calibration [NAME=]X
  std::int64_t samples = 0;              ///< --samples, 0 = all
  std::vector<std::string>
      test;  ///< --test [NAME=]X: for --labels and --report, instead of the calibration samples
  std::filesystem::path output;  ///< -o INT8.onnx
  bool report = false;
};

/// What only `device` reads.
struct DeviceArguments {
  std::string port, action;
  double timeout_seconds = 10;
  std::int64_t first = 0, count = 0;  ///< --first, --count: which of the samples; count 0 = all
};

struct Options {
  Command command = Command::compile;
  CompileOptions compile;
  std::filesystem::path out_folder;   ///< -o
  bool any_size = false;              ///< --any-size
  bool firmware = false;              ///< --firmware
  std::int64_t samples = 0;           ///< --firmware: --samples, 0 = all of --input
  std::vector<std::string> inputs;    ///< --input [NAME=]X.npy
  std::vector<std::string> outputs;   ///< run: --output [NAME=]Y.npy
  std::vector<std::string> expected;  ///< validate, --firmware: --expected [NAME=]Y.npy
  std::filesystem::path data;         ///< validate: --data DIR
  std::filesystem::path labels;       ///< validate, quantize, --firmware: --labels Y.npy
  std::filesystem::path layers;       ///< validate: --layers DIR
  Tolerance tolerance;
  HostOptions host;
  PixelMap pixels;  ///< --mean, --std, --scale
  QuantizeArguments quantize;
  DeviceArguments device;
  bool json = false;
  std::filesystem::path report;       ///< compile, inspect: --report PAGE.html
  std::int64_t capacity = 0;          ///< plan: --capacity, 0 = none (the CSV is in compile.model)
  double plan_seconds = 0;            ///< plan: --time-limit, 0 = none
  std::filesystem::path plan_output;  ///< plan: -o
};

/// Parses the command line. Returns the exit status when there is nothing left to do (--help, wrong usage),
/// else -1.
int parse_options(int argc, char** argv, Options& options);

}  // namespace o2m
