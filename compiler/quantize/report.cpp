#include "quantize/report.hpp"

#include <algorithm>

#include "quantize/measure.hpp"

namespace o2m {
namespace {

bool is_layer(const QuantizationResult& r, std::size_t n) {
  const Role role = role_of(r.graph, r.graph.nodes[n]);
  return role == Role::product || role == Role::computes || role == Role::other;
}

/// The tensor that leaves node n quantized: its own output, or that of the clamp behind it.
ValueId output_of(const QuantizationResult& r, const std::vector<int>& clamps, std::size_t n) {
  const bool fused = clamps[n] >= 0 && r.plan.nodes[n] && r.plan.nodes[static_cast<std::size_t>(clamps[n])];
  return r.graph.nodes[fused ? static_cast<std::size_t>(clamps[n]) : n].outputs[0];
}

std::string weights_text(const QuantizationResult& r, std::size_t n) {
  if (!weights_of(r.graph, r.graph.nodes[n])) return "-";
  return r.plan.nodes[n] ? to_string(r.plan.weight_types[n]) : "float";
}

/// A layer's line but for what it does alone.
std::string layer_text(const QuantizationResult& r, std::size_t n, ValueId id, const Noise& noise) {
  const auto& a = r.plan.values[index(id)];
  std::string name = printable(r.graph[id].name);
  if (name.size() > 32) name = ".." + name.substr(name.size() - 30);
  return fmt::format(
      "{:<18} {:<32} {:<7} {:>25} {:>10} {:>9} {:>8.1f} ", r.graph.nodes[n].op_type, name, weights_text(r, n),
      a ? fmt::format("{:.6g} to {:.6g}", a->lowest(), a->highest()) : "float",
      a ? fmt::format("{:.4g}", a->scale) : "-",
      fmt::format("{:.3f} %", 100.0 * static_cast<double>(noise.clipped) /
                                  static_cast<double>(std::max<std::int64_t>(1, noise.elements))),
      noise.decibel());
}

constexpr std::size_t measured_samples = 200,
                      counted_samples = 1000;  // of the test samples, for dB and for top-1

}  // namespace

void print_summary(const std::string& file, std::size_t bytes, std::size_t samples,
                   const QuantizationResult& r) {
  std::size_t layers = 0, quantized = 0, four_bits = 0;
  for (std::size_t n = 0; n < r.graph.nodes.size(); ++n) {
    if (!is_layer(r, n)) continue;
    ++layers;
    quantized += r.plan.nodes[n];
    four_bits += r.plan.nodes[n] && weights_text(r, n) == "int4";
  }
  fmt::print(
      "{}: {} bytes, {} of {} layers quantized{}, {} samples, ranges by {}{}{}; outputs {:.1f} dB above the "
      "error\n",
      file, bytes, quantized, layers, four_bits > 0 ? fmt::format(" ({} with int4 weights)", four_bits) : "",
      samples, name_of(r.method), r.equalized ? ", layers equalized" : "",
      r.bias_corrected ? ", biases corrected" : "", r.decibel);
}

void print_report(const QuantizationResult& r, const std::vector<Sample>& samples,
                  const std::vector<std::int64_t>& labels, const NewProgress& progress) {
  const Uses uses(r.graph);
  const auto clamps = clamps_behind(r.graph, uses);
  std::vector<std::size_t> layers;
  std::vector<ValueId> ids;
  for (std::size_t n = 0; n < r.graph.nodes.size(); ++n) {
    if (!is_layer(r, n)) continue;
    layers.push_back(n);
    ids.push_back(output_of(r, clamps, n));
  }
  const auto noise =
      measure(r.graph, r.plan, ids, spread(samples, measured_samples), progress("report (whole network)"));
  const auto counted = spread(samples, counted_samples);
  const auto counted_labels = spread(labels, counted_samples);
  const auto effects = effects_alone(r, counted, counted_labels, progress("report (each layer alone)"));
  const std::int64_t before = labels.empty() ? 0 : correct_predictions(r.reference, counted, counted_labels);
  fmt::print("{:<18} {:<32} {:<7} {:>25} {:>10} {:>9} {:>8} {:>9}{}\n", "operator", "tensor", "weights",
             "range", "scale", "clipped", "dB", "alone dB", labels.empty() ? "" : "  alone top-1");
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const auto& effect = effects[layers[i]];
    const std::string points =
        effect ? fmt::format("{:+.2f}", 100.0 * static_cast<double>(effect->correct - before) /
                                            static_cast<double>(counted.size()))
               : "-";
    fmt::print("{}{:>9}{}\n", layer_text(r, layers[i], ids[i], noise[i]),
               effect ? fmt::format("{:.1f}", effect->decibel) : "-",
               labels.empty() ? "" : fmt::format("{:>13}", points));
  }
}

}  // namespace o2m
