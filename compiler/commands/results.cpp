#include "commands/results.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "diagnostics.hpp"
#include "samples/npy.hpp"

namespace o2m {
namespace {

/// The largest difference in real values: for an 8-bit port of known scale, in what its integers stand for.
double real_difference(const Port& port, const Comparison& c) {
  return port.quantization ? static_cast<double>(port.quantization->first) * c.largest_difference
                           : c.largest_difference;
}

}  // namespace

std::vector<NamedFile> named_files(const std::vector<std::string>& arguments,
                                   const std::vector<Port>& ports) {
  std::vector<std::string> names;
  for (const Port& p : ports) names.push_back(p.name);
  std::vector<NamedFile> files;
  for (const std::string& text : arguments) files.push_back(parse_named_file(text, names));
  return files;
}

void print_port(const char* kind, const Port& p) {
  fmt::print("{} \"{}\" {}{} {}", kind, printable(p.name), to_string(p.type), to_string(p.shape), p.layout);
  if (p.quantization)
    fmt::print(", scale {:g}, zero point {}", p.quantization->first, p.quantization->second);
  fmt::print("\n");
}

std::size_t output_of(const NamedFile& file, const std::vector<Port>& ports) {
  for (std::size_t i = 0; i < ports.size(); ++i)
    if (file.name == ports[i].name || (file.name.empty() && ports.size() == 1)) return i;
  refuse("--output \"{}\": the network has no such output",
         file.name.empty() ? file.path.string() : printable(file.name));
}

void write_outputs(const std::vector<NamedFile>& files, const std::vector<Port>& ports,
                   const std::vector<Tensor>& outputs) {
  for (const NamedFile& file : files) write_npy(file.path, outputs[output_of(file, ports)]);
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
  return {{"output", printable(port.name)},
          {"elements", c.elements},
          {"identical", c.identical},
          {"within_tolerance", c.within},
          {"largest_difference", real_difference(port, c)},
          {"largest_ulp", c.largest_ulp},
          {"largest_steps", c.largest_steps},
          {"first_difference", c.first_difference ? nlohmann::json(*c.first_difference) : nlohmann::json()}};
}

std::int64_t predicted_class(const Tensor& output, std::int64_t first, std::int64_t classes) {
  std::int64_t best = 0;
  for (std::int64_t c = 1; c < classes; ++c)
    if (output.real(first + c) > output.real(first + best)) best = c;
  return best;
}

std::int64_t correct_predictions(const Tensor& output, const Tensor& labels) {
  const std::int64_t n = output.shape[0], classes = output.count() / n;
  if (labels.count() != n) refuse("--labels holds {} labels for {} samples", labels.count(), n);
  std::int64_t right = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    right += predicted_class(output, i * classes, classes) == static_cast<std::int64_t>(labels.real(i));
  }
  return right;
}

bool report_results(const std::vector<Port>& ports, const std::vector<Tensor>& outputs,
                    const Samples& expected, const Tolerance& tolerance, const std::optional<Tensor>& labels,
                    bool json, nlohmann::json& summary) {
  bool passed = true;
  summary["outputs"] = nlohmann::json::array();
  for (std::size_t i = 0; i < expected.arrays.size(); ++i) {
    const Comparison c = compare(outputs[i], expected.arrays[i], tolerance);
    passed = passed && c.passed();
    if (json)
      summary["outputs"].push_back(to_json(ports[i], c));
    else
      print(ports[i], c);
  }
  if (labels) {
    const std::int64_t right = correct_predictions(outputs.at(0), *labels);
    summary["correct"] = right;
    if (!json) fmt::print("labels: {} of {} correct\n", right, outputs.at(0).shape.at(0));
  }
  summary["passed"] = passed;
  return passed;
}

}  // namespace o2m
