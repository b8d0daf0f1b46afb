#include <cmath>
#include <memory>

#include "commands/commands.hpp"
#include "commands/progress.hpp"
#include "commands/results.hpp"
#include "import/export.hpp"
#include "import/import.hpp"
#include "import/read.hpp"
#include "passes/passes.hpp"
#include "quantize/measure.hpp"
#include "quantize/report.hpp"
#include "samples/samples.hpp"

namespace o2m {
namespace {

constexpr std::size_t least_samples = 10;

std::vector<Port> input_ports(const Graph& graph) {
  std::vector<Port> ports;
  for (const ValueId id : graph.inputs) {
    const Value& v = graph[id];
    if (v.type != DType::float32)
      refuse("input \"{}\" is {}; only networks of float32 inputs can be quantized", printable(v.name),
             to_string(v.type));
    ports.push_back(
        {v.name, v.type, *v.shape, v.shape->size() == 4 ? "NCHW" : "", std::nullopt, BufferId::none});
  }
  if (ports.empty()) refuse("the network has no input");
  return ports;
}

Samples read(const std::vector<Port>& ports, const std::vector<std::string>& arguments,
             const PixelMap& pixels, std::int64_t at_most = 0) {
  return read_samples(ports, named_files(arguments, ports), "input", pixels, at_most);
}

/// Each sample by itself; NaN and infinities are refused.
std::vector<Sample> split(const std::vector<Port>& ports, const Samples& samples) {
  std::vector<Sample> result(static_cast<std::size_t>(samples.count));
  for (std::size_t i = 0; i < ports.size(); ++i) {
    const auto size = static_cast<std::size_t>(sample_bytes(ports[i]));
    for (std::size_t n = 0; n < result.size(); ++n) {
      Tensor t = make_tensor(ports[i].type, ports[i].shape);
      std::memcpy(t.bytes.data(), samples.arrays[i].bytes.data() + n * size, size);
      for (const float v : t.as<float>())
        if (!std::isfinite(v))
          refuse("sample {} of input \"{}\" holds {}", n, printable(ports[i].name),
                 std::isnan(v) ? "NaN" : "an infinity");
      result[n].push_back(std::move(t));
    }
  }
  return result;
}

/// The range of an image's bytes is known, whatever the samples hold.
std::vector<std::optional<Range>> byte_ranges(const Samples& samples, const PixelMap& pixels) {
  std::vector<std::optional<Range>> ranges;
  for (const bool bytes : samples.from_bytes) {
    ranges.emplace_back();
    if (!bytes) continue;
    Range r;
    for (std::size_t c = 0; c < std::max({std::size_t{1}, pixels.mean.size(), pixels.std.size()}); ++c)
      for (const float byte : {0.0F, 255.0F}) {
        const auto v = static_cast<double>(pixels(byte, c));
        r = {std::min(r.low, v), std::max(r.high, v)};
      }
    ranges.back() = r;
  }
  return ranges;
}

NewProgress bars() {
  return [](const std::string& what) {
    const auto bar = std::make_shared<Progress>(what);
    return [bar](std::int64_t done, std::int64_t total) { (*bar)(done, total); };
  };
}

/// Elements of the test samples outside what the calibration samples hold.
void warn_outside(const QuantizationResult& r, const std::vector<Sample>& samples, Diagnostics& diagnostics) {
  for (std::size_t i = 0; i < r.graph.inputs.size(); ++i) {
    const TensorStatistics& seen = r.statistics[index(r.graph.inputs[i])];
    if (!r.plan.values[index(r.graph.inputs[i])]) continue;
    std::int64_t outside = 0, all = 0;
    for (const Sample& sample : samples)
      for (const float v : sample[i].as<float>()) ++all, outside += v < seen.low || v > seen.high;
    if (outside > 0)
      diagnostics.warning({describe(r.graph, r.graph.inputs[i]),
                           fmt::format("{:.3g} % of the test samples' values ({} of {}) lie outside {:.6g} "
                                       "to {:.6g}, the range of the calibration samples",
                                       100.0 * static_cast<double>(outside) / static_cast<double>(all),
                                       outside, all, seen.low, seen.high),
                           {},
                           "calibrate with samples like those of the field"});
  }
}

void print_top1(const QuantizationResult& r, const std::vector<Sample>& samples,
                const std::vector<std::int64_t>& labels, const NewProgress& progress) {
  const auto before = correct_predictions(r.reference, samples, labels, progress("top-1 (float)"));
  const auto after =
      correct_predictions(simulation(r.graph, r.plan), samples, labels, progress("top-1 (quantized)"));
  fmt::print("top-1: float {} of {}, quantized {} ({:+.2f} points)\n", before, samples.size(), after,
             100.0 * static_cast<double>(after - before) / static_cast<double>(samples.size()));
}

/// Everything that is read, before the work begins.
struct Data {
  std::vector<Sample> calibration, test;
  std::vector<std::int64_t> labels;                ///< of `test`, or none
  std::vector<std::optional<Range>> input_ranges;  ///< known ones
};

Data read_data(const Options& o, const std::vector<Port>& ports) {
  const bool tested_on_all = o.quantize.test.empty() && !o.labels.empty();
  const Samples given = read(ports, o.quantize.calibration, o.pixels, tested_on_all ? 0 : o.quantize.samples);
  const auto all = split(ports, given);
  Data data{spread(all, o.quantize.samples > 0 ? static_cast<std::size_t>(o.quantize.samples) : all.size()),
            o.quantize.test.empty() ? all : split(ports, read(ports, o.quantize.test, o.pixels)),
            {},
            byte_ranges(given, o.pixels)};
  if (data.calibration.size() < least_samples)
    throw Refusal(fmt::format("{} calibration samples are too few, at least {} are needed",
                              data.calibration.size(), least_samples),
                  "some hundreds are usual");
  if (o.labels.empty()) return data;
  const Tensor labels = read_array(o.labels);
  if (labels.count() != static_cast<std::int64_t>(data.test.size()))
    refuse("--labels holds {} labels for {} samples", labels.count(), data.test.size());
  for (std::int64_t i = 0; i < labels.count(); ++i)
    data.labels.push_back(static_cast<std::int64_t>(labels.real(i)));
  return data;
}

}  // namespace

int quantize_command(const Options& o, Diagnostics& diagnostics) {
  Graph graph = import_model(read_model(o.compile.model),
                             {o.compile.model.parent_path(), o.compile.input_shapes}, diagnostics);
  const Data data = read_data(o, input_ports(graph));
  QuantizeOptions options = o.quantize.options;
  options.scheme.input_ranges = data.input_ranges;
  const NewProgress progress = bars();
  const QuantizationResult r = quantize(std::move(graph), options, data.calibration, progress, diagnostics);

  Graph result = insert_qdq(r.graph, r.plan);
  infer_shapes(result, diagnostics);
  const std::string bytes = export_model(result);
  write_files(o.quantize.output.parent_path(), {{o.quantize.output.filename().string(), bytes}});
  if (!o.quantize.test.empty()) warn_outside(r, data.test, diagnostics);
  print_summary(o.quantize.output.string(), bytes.size(), data.calibration.size(), r);
  if (o.quantize.report) print_report(r, data.test, data.labels, progress);
  if (!o.labels.empty()) print_top1(r, data.test, data.labels, progress);
  return 0;
}

}  // namespace o2m
