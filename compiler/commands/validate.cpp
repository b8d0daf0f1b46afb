#include <fstream>
#include <iostream>

#include <nlohmann/json.hpp>

#include "commands/commands.hpp"
#include "commands/layers.hpp"
#include "commands/progress.hpp"
#include "import/test_data.hpp"
#include "samples/samples.hpp"

namespace o2m {
namespace {

std::vector<NamedFile> named_files(const std::vector<std::string>& arguments, const std::vector<Port>& ports) {
  std::vector<std::string> names;
  for (const Port& p : ports) names.push_back(p.name);
  std::vector<NamedFile> files;
  for (const std::string& text : arguments) files.push_back(parse_named_file(text, names));
  return files;
}

/// Test data as samples: every data set is one sample (its tensors have the ports' whole shape).
Samples samples_of(const std::vector<TestDataSet>& sets, const std::vector<Port>& ports, bool inputs) {
  Samples samples{static_cast<std::int64_t>(sets.size()), {}};
  for (std::size_t i = 0; i < ports.size(); ++i) {
    Shape shape{samples.count};
    shape.insert(shape.end(), ports[i].shape.begin(), ports[i].shape.end());
    Tensor all{ports[i].type, shape, {}};
    for (const TestDataSet& set : sets) {
      const auto& tensors = inputs ? set.inputs : set.outputs;
      if (i >= tensors.size()) refuse("{} has no {} {}", set.folder.string(), inputs ? "input" : "output", i);
      const Tensor& t = tensors[i];
      if (t.type != ports[i].type || t.count() != element_count(ports[i].shape))
        refuse("{}: {} {} is {}{}, the network has {}{}", set.folder.string(), inputs ? "input" : "output", i, to_string(t.type), to_string(t.shape),
               to_string(ports[i].type), to_string(ports[i].shape));
      all.bytes.insert(all.bytes.end(), t.bytes.begin(), t.bytes.end());
    }
    samples.arrays.push_back(std::move(all));
  }
  return samples;
}

/// The largest difference in real values: for an 8-bit port of known scale, in what its integers stand for.
double real_difference(const Port& port, const Comparison& c) {
  return port.quantization ? static_cast<double>(port.quantization->first) * c.largest_difference : c.largest_difference;
}

void print(const Port& port, const Comparison& c) {
  fmt::print("output \"{}\": {} elements, {} identical", printable(port.name), c.elements, c.identical);
  if (c.first_difference) {
    fmt::print(", largest difference {:g}", real_difference(port, c));
    if (is_8bit(port.type)) fmt::print(" ({} step{})", c.largest_steps, c.largest_steps == 1 ? "" : "s");
    if (c.largest_ulp > 0) fmt::print(" ({} ULP)", c.largest_ulp);
    fmt::print(", first at index {}", *c.first_difference);
    if (c.within > c.identical) fmt::print(", {} within tolerance", c.within);
  }
  fmt::print("\n");
}

nlohmann::json to_json(const Port& port, const Comparison& c) {
  return {{"output", printable(port.name)}, {"elements", c.elements}, {"identical", c.identical}, {"within_tolerance", c.within},
          {"largest_difference", real_difference(port, c)}, {"largest_ulp", c.largest_ulp}, {"largest_steps", c.largest_steps},
          {"first_difference", c.first_difference ? nlohmann::json(*c.first_difference) : nlohmann::json()}};
}

/// Samples whose largest output (the first of equals) is the label.
std::int64_t correct(const Tensor& output, const Tensor& labels) {
  const std::int64_t n = output.shape[0], classes = output.count() / n;
  if (labels.count() != n) refuse("--labels holds {} labels for {} samples", labels.count(), n);
  std::int64_t right = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    std::int64_t best = 0;
    for (std::int64_t c = 1; c < classes; ++c)
      if (output.real(i * classes + c) > output.real(i * classes + best)) best = c;
    right += best == static_cast<std::int64_t>(labels.real(i));
  }
  return right;
}

}  // namespace

int validate_command(const Options& o, Diagnostics& diagnostics) {
  CompileOptions compile = o.compile;
  compile.trace = o.layers;
  const Network network = build_network(compile, diagnostics);
  const Program& program = network.program;
  Samples samples, expected;
  if (!o.data.empty()) {
    const auto sets = read_test_data(o.data);
    samples = samples_of(sets, program.inputs, true);
    expected = samples_of(sets, program.outputs, false);
  } else {
    samples = read_samples(program.inputs, named_files(o.inputs, program.inputs), "input", o.pixels);
    if (!o.expected.empty()) expected = read_samples(program.outputs, named_files(o.expected, program.outputs), "output");
    if (!o.expected.empty() && expected.count != samples.count) refuse("{} samples are given, but {} expected results", samples.count, expected.count);
  }
  Progress progress("validate");
  const HostResult result = run_on_host(network, compile, samples, o.host, std::ref(progress));

  bool passed = true;
  nlohmann::json report = nlohmann::json::array();
  for (std::size_t i = 0; i < expected.arrays.size(); ++i) {
    const Comparison c = compare(result.outputs[i], expected.arrays[i], o.tolerance);
    passed = passed && c.passed();
    if (o.json) report.push_back(to_json(program.outputs[i], c));
    else print(program.outputs[i], c);
  }
  nlohmann::json summary{{"samples", samples.count}, {"outputs", report}, {"passed", passed}};
  if (o.layers) passed = compare_layers(program, result, o.layers_folder, samples.count) && passed;
  if (!o.labels.empty()) {
    const std::int64_t right = correct(result.outputs.at(0), read_array(o.labels));
    summary["correct"] = right;
    if (!o.json) fmt::print("labels: {} of {} correct\n", right, samples.count);
  }
  if (o.json) fmt::print("{}\n", summary.dump(2));
  else if (!expected.arrays.empty()) fmt::print("{}: {} sample{}\n", passed ? "passed" : "FAILED", samples.count, samples.count == 1 ? "" : "s");
  return passed ? 0 : 1;
}

}  // namespace o2m
