#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "commands/commands.hpp"
#include "commands/layers.hpp"
#include "commands/progress.hpp"
#include "commands/results.hpp"
#include "import/test_data.hpp"
#include "samples/samples.hpp"

namespace o2m {
namespace {

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
        refuse("{}: {} {} is {}{}, the network has {}{}", set.folder.string(), inputs ? "input" : "output", i,
               to_string(t.type), to_string(t.shape), to_string(ports[i].type), to_string(ports[i].shape));
      all.bytes.insert(all.bytes.end(), t.bytes.begin(), t.bytes.end());
    }
    samples.arrays.push_back(std::move(all));
  }
  return samples;
}

}  // namespace

int validate_command(const Options& o, Diagnostics& diagnostics) {
  CompileOptions compile = o.compile;
  compile.trace = !o.layers.empty();
  const Network network = build_network(compile, diagnostics);
  const Program& program = network.program;
  Samples samples, expected;
  if (!o.data.empty()) {
    const auto sets = read_test_data(o.data);
    samples = samples_of(sets, program.inputs, true);
    expected = samples_of(sets, program.outputs, false);
  } else {
    samples = read_samples(program.inputs, named_files(o.inputs, program.inputs), "input", o.pixels);
    if (!o.expected.empty())
      expected = read_samples(program.outputs, named_files(o.expected, program.outputs), "output");
    if (!o.expected.empty() && expected.count != samples.count)
      refuse("{} samples are given, but {} expected results", samples.count, expected.count);
  }
  Progress progress("validate");
  const HostResult result = run_on_host(network, compile, samples, o.host, std::ref(progress));

  nlohmann::json summary{{"samples", samples.count}};
  const std::optional<Tensor> labels = o.labels.empty() ? std::nullopt : std::optional(read_array(o.labels));
  bool passed =
      report_results(program.outputs, result.outputs, expected, o.tolerance, labels, o.json, summary);
  if (!o.layers.empty()) passed = compare_layers(program, result, o.layers, samples.count) && passed;
  if (o.json)
    fmt::print("{}\n", summary.dump(2));
  else if (!expected.arrays.empty())
    fmt::print("{}: {} sample{}\n", passed ? "passed" : "FAILED", samples.count,
               samples.count == 1 ? "" : "s");
  return passed ? 0 : 1;
}

}  // namespace o2m
