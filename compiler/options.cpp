#include "options.hpp"

#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "program/names.hpp"
#include "quantize_options.hpp"
#include "version.hpp"

namespace o2m {
namespace {

void add_pixel_options(CLI::App& app, PixelMap& pixels) {
  app.add_option("--scale", pixels.scale, "a byte of an image becomes (byte * scale - mean) / std")
      ->type_name("S");
  app.add_option("--mean", pixels.mean, "one value, or one per channel")->delimiter(',')->type_name("M");
  app.add_option("--std", pixels.std, "one value, or one per channel")->delimiter(',')->type_name("D");
}

void add_tolerance_options(CLI::App& app, Options& o) {
  app.add_option("--rtol", o.tolerance.relative, "relative tolerance (NumPy's allclose)");
  app.add_option("--atol", o.tolerance.absolute, "absolute tolerance");
}

void add_report_option(CLI::App& app, Options& o) {
  app.add_option("--report", o.report, "write one HTML page: memory map, layers, budgets")
      ->type_name("PAGE.html");
}

CLI::Option* add_place_option(CLI::App& app, Options& o) {
  return app
      .add_option("--place", o.compile.place,
                  "firmware's memory bank: weights=flash|qspi|dtcm|axi|ram, arena=dtcm|axi|d2|d3 or several, "
                  "e.g. dtcm+axi, code=flash|itcm|ram, vectors=flash|qspi")
      ->type_name("WHAT=BANK");
}

void add_firmware_options(CLI::App& app, Options& o) {
  CLI::Option* firmware = app.add_flag("--firmware", o.firmware,
                                       "also write a CMake project that builds firmware for the target");
  add_place_option(app, o)->needs(firmware);
  app.add_option("--input", o.inputs, "samples to build in for the firmware's self-test")
      ->type_name("[NAME=]X.npy")
      ->needs(firmware);
  add_pixel_options(app, o.pixels);
  app.add_option("--expected", o.expected, "their outputs, e.g. ONNX Runtime's")
      ->type_name("[NAME=]Y.npy")
      ->needs(firmware);
  app.add_option("--labels", o.labels, "their classes: the firmware counts how many it predicts right")
      ->type_name("L.npy")
      ->needs(firmware);
  app.add_option("--samples", o.samples, "how many of them, from the first (default: all)")
      ->type_name("N")
      ->needs(firmware)
      ->check(CLI::PositiveNumber);
}

/// "NAME=1,3,32,32"
std::pair<std::string, Shape> parse_input_shape(const std::string& text) {
  const std::size_t equals = text.rfind('=');
  if (equals == std::string::npos || equals == 0)
    throw CLI::ValidationError("--input-shape", "expected NAME=1,3,32,32");
  Shape shape;
  for (const std::string& word : CLI::detail::split(text.substr(equals + 1), ',')) {
    std::int64_t dim = 0;
    if (!CLI::detail::lexical_cast(word, dim) || dim < 1)
      throw CLI::ValidationError("--input-shape", "\"" + word + "\" is no dimension");
    shape.push_back(dim);
  }
  return {text.substr(0, equals), shape};
}

/// "h=hn"
std::pair<std::string, std::string> parse_state(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == text.size())
    throw CLI::ValidationError("--state", "expected INPUT=OUTPUT");
  return {text.substr(0, equals), text.substr(equals + 1)};
}

/// "after:layout"
std::string dump_point(const std::string& text) {
  for (const std::string_view point : dump_points)
    if (text == "after:" + std::string(point)) return std::string(point);
  throw CLI::ValidationError(
      "--dump-ir", fmt::format("expected after:PASS with PASS one of {}", fmt::join(dump_points, ", ")));
}

struct Strings {
  std::string target = "portable", io = "model", layout = "model", unroll = "auto", optimize = "balanced",
              dump;
  std::vector<std::string> input_shapes, states;
  QuantizeWords quantize;
};

void add_model_options(CLI::App& app, Options& o, Strings& s) {
  app.add_option("model", o.compile.model, "ONNX model: .onnx, or protobuf text .txtpb")
      ->type_name("MODEL.onnx");
  app.add_option("--target", s.target, "f103, f446, h750 or portable")->capture_default_str();
  app.add_option("--io", s.io,
                 "inputs and outputs as the model declares them, or the quantized tensors behind them")
      ->check(CLI::IsMember({"model", "quantized"}))
      ->capture_default_str();
  app.add_option("--layout", s.layout, "order of 4-D inputs and outputs")
      ->check(CLI::IsMember({"model", "nhwc"}))
      ->capture_default_str();
  app.add_option(
         "--optimize", s.optimize,
         "the least RAM, by streaming rows from layer to layer; the least time; or both as far as they agree")
      ->check(CLI::IsMember({"ram", "time", "balanced"}))
      ->capture_default_str();
  app.add_option("--unroll", s.unroll,
                 "loops of the generated code: what is fastest, all written out, or the smallest code")
      ->check(CLI::IsMember({"auto", "full", "size"}))
      ->capture_default_str();
  app.add_option("--flash-budget", o.compile.flash_budget,
                 "bytes that constants and code of the network may take together")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 40))
      ->type_name("BYTES");
  if (app.get_name() != "tune")
    app.add_option("--tuning", o.compile.tuning,
                   "what tune wrote (default: MODEL.TARGET.tuning.json beside the model)")
        ->type_name("FILE");
  app.add_option("--input-shape", s.input_shapes, "shape of an input the model leaves open, e.g. x=1,3,32,32")
      ->type_name("NAME=DIMS");
  app.add_option("--state", s.states,
                 "this output of a run is this input of the next: kept in the model, zeroed by reset()")
      ->type_name("INPUT=OUTPUT")
      ->allow_extra_args(false);
  app.add_option("--dump-ir", s.dump, "print the graph to stderr: after:PASS")->type_name("after:PASS");
}

void add_host_options(CLI::App& app, Options& o) {
  app.add_option(
         "--input", o.inputs,
         "samples of an input: .npy (sample axis first), IDX (.gz or not), PGM or PNG image, folder of them")
      ->type_name("[NAME=]X.npy");
  add_pixel_options(app, o.pixels);
  app.add_option("--cxx", o.host.compiler, "host C++ compiler (default: $CXX, else c++)");
  app.add_option("--cxx-flags", o.host.flags, "its flags")->capture_default_str();
}

void finish(Options& o, const Strings& s) {
  finish_quantize_options(o.quantize, s.quantize);
  o.compile.target = find_target(s.target);
  if (!o.compile.target)
    throw CLI::ValidationError("--target",
                               "\"" + s.target + "\" is none of the targets that --list-targets names");
  o.compile.quantized_io = s.io == "quantized";
  o.compile.nhwc_ports = s.layout == "nhwc";
  o.compile.optimize = s.optimize == "ram"    ? Optimize::ram
                       : s.optimize == "time" ? Optimize::time
                                              : Optimize::balanced;
  o.compile.unroll = s.unroll == "size"   ? Unroll::size
                     : s.unroll == "full" ? Unroll::full
                                          : Unroll::automatic;
  if (!s.dump.empty()) o.compile.dump_after = dump_point(s.dump);
  for (const std::string& text : s.input_shapes) o.compile.input_shapes.insert(parse_input_shape(text));
  for (const std::string& text : s.states) o.compile.states.push_back(parse_state(text));
  for (const float d : o.pixels.std)
    if (!(d != 0)) throw CLI::ValidationError("--std", "it must not be 0");
  if (!(o.tolerance.relative >= 0)) throw CLI::ValidationError("--rtol", "it must not be negative");
  if (!(o.tolerance.absolute >= 0)) throw CLI::ValidationError("--atol", "it must not be negative");
  if (!is_identifier(o.compile.name))
    throw CLI::ValidationError("--name",
                               "\"" + o.compile.name + "\" is no C++ identifier that can name a namespace");
}

void add_device_options(CLI::App& app, Options& o) {
  app.add_option("port", o.device.port, "/dev/ttyACM0, a pseudo terminal, or tcp:HOST:PORT")->required();
  app.add_option("action", o.device.action, "what to do there")
      ->check(CLI::IsMember({"info", "infer", "profile", "validate", "self-test", "show"}))
      ->required();
  app.add_option("--input", o.inputs, "samples: .npy, IDX, a PGM or PNG image, or a folder of them")
      ->type_name("[NAME=]X.npy");
  app.add_option("--output", o.outputs, "infer: results, one .npy per output")->type_name("[NAME=]Y.npy");
  app.add_option("--expected", o.expected, "validate: reference results")->type_name("[NAME=]Y.npy");
  app.add_option("--labels", o.labels, "validate: class of each sample")->type_name("L.npy");
  app.add_option("--first", o.device.first, "first sample to take")->type_name("N");
  app.add_option("--count", o.device.count, "samples to take (default: all)")->type_name("N");
  app.add_option("--timeout", o.device.timeout_seconds, "seconds an answer may take")
      ->capture_default_str()
      ->check(CLI::Range(0.1, 3600.0));
  add_tolerance_options(app, o);
  app.add_flag("--json", o.json, "machine-readable result");
  add_pixel_options(app, o.pixels);
}

/// What onnx2mcu does without a subcommand.
void add_compile_options(CLI::App& app, Options& o, Strings& s) {
  add_model_options(app, o, s);
  app.add_option("-o", o.out_folder, "folder for the generated code")->type_name("DIR");
  app.add_option("--name", o.compile.name, "namespace and file name of the generated code")
      ->capture_default_str();
  CLI::Option* any_size =
      app.add_flag("--any-size", o.any_size, "do not refuse a network that is too large for the target");
  add_report_option(app, o);
  add_firmware_options(app, o);
  app.get_option("--firmware")->excludes(any_size);
}

void add_inspect_options(CLI::App& app, Options& o, Strings& s) {
  add_model_options(app, o, s);
  add_place_option(app, o);
  app.add_flag("--json", o.json, "machine-readable result");
  add_report_option(app, o);
}

void add_run_options(CLI::App& app, Options& o, Strings& s) {
  add_model_options(app, o, s);
  add_host_options(app, o);
  app.add_option("--output", o.outputs, "results, one .npy per output")
      ->type_name("[NAME=]Y.npy")
      ->required();
}

void add_validate_options(CLI::App& app, Options& o, Strings& s) {
  add_model_options(app, o, s);
  add_host_options(app, o);
  app.add_option("--expected", o.expected, "reference results, one .npy per output")
      ->type_name("[NAME=]Y.npy");
  app.add_option("--data", o.data, "folder with test_data_set_N folders of ONNX's .pb files, or one of those")
      ->type_name("DIR");
  app.add_option("--labels", o.labels, "class of each sample: prints how many are predicted right")
      ->type_name("L.npy");
  app.add_option("--layers", o.layers,
                 "name the first layer that differs from NAME.npy in DIR (index.json maps names)")
      ->type_name("DIR");
  add_tolerance_options(app, o);
  app.add_flag("--json", o.json, "machine-readable result");
}

void add_quantize_command_options(CLI::App& app, Options& o, Strings& s) {
  add_quantize_options(app, o.quantize, s.quantize);
  app.add_option("model", o.compile.model, "float ONNX model")->type_name("FLOAT.onnx");
  app.add_option("--labels", o.labels, "class of each sample: prints top-1 before and after")
      ->type_name("L.npy");
  app.add_option("--input-shape", s.input_shapes, "shape of an input the model leaves open")
      ->type_name("NAME=DIMS");
  add_pixel_options(app, o.pixels);
}

void add_tune_options(CLI::App& app, Options& o, Strings& s) {
  add_model_options(app, o, s);
  app.add_option("-o", o.compile.tuning,
                 "the file to write (default: MODEL.TARGET.tuning.json beside the model)")
      ->type_name("FILE");
}

void add_plan_options(CLI::App& app, Options& o) {
  app.add_option("buffers", o.compile.model, "CSV of buffers; with a column offset, that placement is judged")
      ->type_name("BUFFERS.csv")
      ->required();
  app.add_option("--capacity", o.capacity,
                 "stop at the first placement of at most N bytes; exit status 1 if there is none")
      ->type_name("N");
  app.add_option("--time-limit", o.plan_seconds, "seconds for the search (default: a fixed number of steps)")
      ->type_name("S");
  app.add_option("-o", o.plan_output, "write the CSV with offsets")->type_name("OUT.csv");
}

/// A subcommand that sets Options::command when it is given.
CLI::App& add_command(CLI::App& app, Options& o, Command command, const char* name, const char* what) {
  return *app.add_subcommand(name, what)->parse_complete_callback([&o, command] { o.command = command; });
}

void add_commands(CLI::App& app, Options& o, Strings& s) {
  add_inspect_options(
      add_command(app, o, Command::inspect, "inspect",
                  "per-layer table, memory map, flash and RAM, what is fused; writes nothing"),
      o, s);
  add_run_options(add_command(app, o, Command::run, "run",
                              "compile the generated code for the host and run samples through it"),
                  o, s);
  add_validate_options(add_command(app, o, Command::validate, "validate",
                                   "golden-compare the generated code, element by element"),
                       o, s);
  add_quantize_command_options(
      add_command(app, o, Command::quantize, "quantize",
                  "float ONNX to an 8-bit QDQ model, by samples (post-training static quantization)"),
      o, s);
  add_tune_options(add_command(app, o, Command::tune, "tune",
                               "find the fastest code of every layer in the simulator; writes a file that "
                               "later compilations reuse"),
                   o, s);
  add_device_options(add_command(app, o, Command::device, "device",
                                 "talk to a board, or a simulator, that runs the firmware of --firmware"),
                     o);
  add_plan_options(
      add_command(app, o, Command::plan, "plan",
                  "place the buffers of a CSV (id,lower,upper,size; half-open lifetimes) in an arena"),
      o);
}

/// What one option alone cannot know.
void check_together(const Options& o) {
  if (o.compile.model.empty() && o.command != Command::device) throw CLI::RequiredError("MODEL.onnx");
  if (o.command == Command::compile && o.out_folder.empty()) throw CLI::RequiredError("-o DIR");
  if (o.command == Command::validate && o.data.empty() == (o.expected.empty() && o.labels.empty()))
    throw CLI::ValidationError("validate", "give either --data, or --input with --expected or --labels");
}

}  // namespace

int parse_options(int argc, char** argv, Options& o) {
  CLI::App app{"onnx2mcu: quantized ONNX to static C++ for microcontrollers, the same bits as ONNX Runtime",
               "onnx2mcu"};
  app.failure_message([](const CLI::App*, const CLI::Error& error) {
    return std::string("onnx2mcu: ") + error.what() + "\nRun onnx2mcu --help for more information.\n";
  });
  bool list_ops = false, list_targets = false;
  app.set_version_flag("--version", std::string("onnx2mcu ") + version);
  app.add_flag("--list-ops", list_ops, "print the supported operators");
  app.add_flag("--list-targets", list_targets, "print the known targets");
  Strings s;
  add_compile_options(app, o, s);
  add_commands(app, o, s);
  try {
    app.parse(argc, argv);
    if (list_ops || list_targets) {
      o.command = list_ops ? Command::list_ops : Command::list_targets;
      return -1;
    }
    finish(o, s);
    check_together(o);
  } catch (const CLI::ParseError& error) {
    return app.exit(error, std::cout, std::cerr) == 0 ? 0 : 2;
  }
  return -1;
}

}  // namespace o2m
