#include "quantize_options.hpp"

#include <CLI/CLI.hpp>

namespace o2m {
namespace {

DType io_type(const std::string& word) {
  for (const DType type : {DType::float32, DType::uint8, DType::int8})
    if (word == (type == DType::float32 ? "float" : to_string(type))) return type;
  throw CLI::ValidationError("--io", "expected float, uint8 or int8, or two of them: --io uint8,float");
}

Switch switch_of(const std::string& word) {
  return word == "on" ? Switch::on : word == "off" ? Switch::off : Switch::automatic;
}

}  // namespace

void add_quantize_options(CLI::App& app, QuantizeArguments& q, QuantizeWords& words) {
  app.add_option("-o", q.output, "the quantized model")->type_name("INT8.onnx")->required();
  app.add_option("--calibration", q.calibration,
                 "samples of an input: .npy (sample axis first), IDX (.gz or not), folder of PGM or PNG")
      ->type_name("[NAME=]X.npy")
      ->required();
  app.add_option("--samples", q.samples, "take N of them, spread evenly (default: all)")
      ->type_name("N")
      ->check(CLI::PositiveNumber);
  app.add_option("--method", words.method,
                 "how ranges are found; auto takes what is closest to the float network")
      ->check(CLI::IsMember({"auto", "minmax", "percentile", "entropy", "mse"}))
      ->capture_default_str();
  app.add_option("--percentile", q.options.percentile, "share of the values inside the range, in percent")
      ->check(CLI::Range(50.0, 100.0))
      ->capture_default_str();
  app.add_option("--activations", words.activations, "uint8 or int8")
      ->check(CLI::IsMember({"uint8", "int8"}))
      ->capture_default_str();
  app.add_option("--weights", words.weights, "int8, or int4 where the accuracy allows (opset 21)")
      ->check(CLI::IsMember({"int8", "int4"}))
      ->capture_default_str();
  app.add_option("--int4-db", q.options.int4_decibel,
                 "int4: layers get 8 bits until the outputs are this far above the error, in dB")
      ->type_name("DB")
      ->capture_default_str();
  app.add_flag("--per-tensor", words.per_tensor,
               "one scale for all weights of a layer, not one per output channel");
  app.add_option("--io", words.io, "type of inputs and outputs: float, uint8 or int8; or IN,OUT")
      ->type_name("IN[,OUT]")
      ->capture_default_str();
  app.add_option("--keep-float", q.options.scheme.keep_float,
                 "leave this layer (node or tensor name) or operator type in float")
      ->type_name("NAME|TYPE");
  app.add_option("--equalize", words.equalize, "cross-layer equalization: auto where it helps, on or off")
      ->check(CLI::IsMember({"auto", "on", "off"}))
      ->capture_default_str();
  app.add_option("--bias-correction", words.correct_bias, "auto where it helps, on or off")
      ->check(CLI::IsMember({"auto", "on", "off"}))
      ->capture_default_str();
  app.add_flag(
      "--report", q.report,
      "print a table of the layers: range, clipped share, signal-to-noise ratio, effect of each alone");
  app.add_option("--test", q.test, "samples for --labels and --report (default: the calibration samples)")
      ->type_name("[NAME=]X.npy");
}

void finish_quantize_options(QuantizeArguments& q, const QuantizeWords& words) {
  Scheme& s = q.options.scheme;
  for (const RangeMethod method : range_methods)
    if (words.method == name_of(method)) q.options.method = method;
  s.activations = words.activations == "int8" ? DType::int8 : DType::uint8;
  s.weights = words.weights == "int4" ? DType::int4 : DType::int8;
  s.per_channel = !words.per_tensor;
  const std::size_t comma = words.io.find(',');
  s.input = io_type(words.io.substr(0, comma));
  s.output = comma == std::string::npos ? s.input : io_type(words.io.substr(comma + 1));
  q.options.equalize = switch_of(words.equalize);
  q.options.correct_bias = switch_of(words.correct_bias);
}

}  // namespace o2m
