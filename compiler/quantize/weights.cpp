#include "quantize/weights.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "ops/evaluate.hpp"
#include "quantize/executor.hpp"

namespace o2m {
namespace {

double squared_error(const std::vector<double>& values, double scale, double largest) {
  double sum = 0;
  for (const double v : values) {
    const double error = v - std::clamp(std::nearbyint(v / scale), -largest, largest) * scale;
    sum += error * error;
  }
  return sum;
}

/// Clipping the largest weights a little often pays with 4 bits, hardly ever with 8.
double best_scale(const std::vector<double>& values, double largest) {
  double peak = 0;
  for (const double v : values) peak = std::max(peak, std::abs(v));
  if (peak == 0) return 1;
  const double start = peak / largest;
  double best = start, least = squared_error(values, start, largest);
  const int steps = largest < 100 ? 50 : 10;
  for (int i = 1; i < steps / 2; ++i) {
    const double scale = start * (steps - i) / steps, error = squared_error(values, scale, largest);
    if (error < least) least = error, best = scale;
  }
  return best;
}

std::size_t scale_index(const std::vector<float>& scales, std::size_t channel) {
  return scales.size() == 1 ? 0 : channel;
}

}  // namespace

QuantizedConstant quantize_weights(const Weights& w, DType type, bool per_channel, float x_scale) {
  QuantizedConstant q{make_tensor(type, w.weights->shape), {}};
  const auto largest = static_cast<double>(max_of(type));
  const std::size_t scales = per_channel ? static_cast<std::size_t>(w.channels) : 1;
  std::vector<std::vector<double>> values(scales);
  std::vector<double> least(scales, 0);  // keeps the bias within 2^30
  for (std::size_t i = 0; i < w.weights->as<float>().size(); ++i)
    values[per_channel ? w.channel(i) : 0].push_back(static_cast<double>(w.weights->as<float>()[i]));
  for (std::size_t c = 0; w.bias && c < w.bias->as<float>().size(); ++c) {
    double& l = least[per_channel ? c : 0];
    l = std::max(l, std::abs(static_cast<double>(w.bias->as<float>()[c])) / static_cast<double>(x_scale) /
                        static_cast<double>(1 << 30));
  }
  for (std::size_t c = 0; c < scales; ++c)
    q.scales.push_back(static_cast<float>(std::max(best_scale(values[c], largest), least[c])));
  for (std::size_t i = 0; i < q.values.as<std::int8_t>().size(); ++i) {
    const double scale = static_cast<double>(q.scales[scale_index(q.scales, w.channel(i))]);
    const double v = std::nearbyint(static_cast<double>(w.weights->as<float>()[i]) / scale);
    q.values.as<std::int8_t>()[i] = static_cast<std::int8_t>(std::clamp(v, -largest, largest));
  }
  return q;
}

QuantizedConstant quantize_bias(const Tensor& bias, const std::vector<float>& w_scales, float x_scale) {
  QuantizedConstant q{make_tensor(DType::int32, bias.shape), {}};
  for (const float s : w_scales) q.scales.push_back(x_scale * s);
  for (std::size_t c = 0; c < bias.as<float>().size(); ++c)
    q.values.as<std::int32_t>()[c] = static_cast<std::int32_t>(std::nearbyint(
        static_cast<double>(bias.as<float>()[c]) / static_cast<double>(q.scales[scale_index(q.scales, c)])));
  return q;
}

Tensor dequantized(const Weights& w, const QuantizedConstant& q) {
  Tensor result = *w.weights;
  for (std::size_t i = 0; i < result.as<float>().size(); ++i)
    result.as<float>()[i] =
        static_cast<float>(q.values.as<std::int8_t>()[i]) * q.scales[scale_index(q.scales, w.channel(i))];
  return result;
}

namespace {

/// A product whose bias is to be corrected.
struct Correction {
  std::size_t node;
  std::vector<std::vector<double>>
      means;  ///< [sample][channel] of the layer's output with the error for weights
};

/// The products to correct. In `errors`, a copy of the graph, they get the error of their weights
/// (dequantized less original) for weights, and no bias.
std::vector<Correction> corrections(const Graph& graph, const QuantizationPlan& plan, std::size_t samples,
                                    Graph& errors) {
  std::vector<Correction> result;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const auto w = weights_of(graph, graph.nodes[n]);
    if (!w || !plan.nodes[n] || !plan.values[index(graph.nodes[n].inputs[0])] || graph.nodes[n].is("MatMul"))
      continue;
    const float x_scale = plan.values[index(graph.nodes[n].inputs[0])]->scale;
    Tensor error =
        dequantized(*w, quantize_weights(*w, plan.weight_types[n], plan.scheme.per_channel, x_scale));
    for (std::size_t i = 0; i < error.as<float>().size(); ++i)
      error.as<float>()[i] -= w->weights->as<float>()[i];
    Node& node = errors.nodes[n];
    node.inputs = {node.inputs[0], errors.add_constant(errors[node.inputs[1]].name, std::move(error))};
    result.push_back({n, std::vector<std::vector<double>>(samples)});
  }
  return result;
}

/// Mean of each channel: dimension 1 of a Conv's or Gemm's output.
std::vector<double> channel_means(const Tensor& y) {
  const auto images = static_cast<std::size_t>(y.shape[0]), channels = static_cast<std::size_t>(y.shape[1]);
  const std::size_t inner = y.as<float>().size() / images / channels;
  std::vector<double> means(channels, 0);
  for (std::size_t i = 0; i < y.as<float>().size(); ++i)
    means[i / inner % channels] += static_cast<double>(y.as<float>()[i]);
  for (double& m : means) m /= static_cast<double>(images * inner);
  return means;
}

}  // namespace

void correct_biases(Graph& graph, const QuantizationPlan& plan, const std::vector<Sample>& samples,
                    const ProgressReport& progress) {
  const Executor executor(graph);
  Graph errors = graph;
  auto list = corrections(graph, plan, samples.size(), errors);
  const auto body = [&](std::int64_t i) {
    const auto sample = static_cast<std::size_t>(i);
    executor.run(samples[sample], [&](ValueId id, const Tensor& x) {
      for (Correction& c : list) {
        const Node& node = errors.nodes[c.node];
        if (node.inputs[0] == id)
          c.means[sample] =
              channel_means(evaluate(errors, node, Precision::estimate, [&](ValueId) { return &x; })[0]);
      }
    });
  };
  for_each_sample(static_cast<std::int64_t>(samples.size()), body, progress);
  for (const Correction& c : list) {
    Node& node = graph.nodes[c.node];
    const auto w = weights_of(graph, node);
    Tensor bias = w->bias ? *w->bias : make_tensor(DType::float32, {w->channels});
    for (std::size_t channel = 0; channel < bias.as<float>().size(); ++channel) {
      double sum = 0;
      for (const auto& means : c.means) sum += means[channel];
      bias.as<float>()[channel] -= static_cast<float>(sum / static_cast<double>(samples.size()));
    }
    node.inputs.resize(3, ValueId::none);
    const std::string name =
        node.inputs[2] == ValueId::none ? graph[node.outputs[0]].name + "_bias" : graph[node.inputs[2]].name;
    node.inputs[2] = graph.add_constant(name, std::move(bias));
  }
}

}  // namespace o2m
