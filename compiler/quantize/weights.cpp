#include "quantize/weights.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "quantize/executor.hpp"

namespace o2m {
namespace {

struct Channel {
  const Weights& w;
  std::size_t number;
  bool all;  ///< one scale for all channels

  template <class F>
  void each(F f) const {
    const auto values = w.weights->as<float>();
    for (std::size_t i = 0; i < values.size(); ++i)
      if (all || w.channel(i) == number) f(static_cast<double>(values[i]));
  }
};

double squared_error(const Channel& c, double scale, double largest) {
  double sum = 0;
  c.each([&](double v) {
    const double error = v - std::clamp(std::nearbyint(v / scale), -largest, largest) * scale;
    sum += error * error;
  });
  return sum;
}

/// Least scale with which the bias of channel `c` (or all biases) stays within 2^30.
double least_scale(const Channel& c, float x_scale) {
  double largest = 0;
  if (c.w.bias)
    for (std::size_t i = 0; i < c.w.bias->as<float>().size(); ++i)
      if (c.all || i == c.number) largest = std::max(largest, std::abs(static_cast<double>(c.w.bias->as<float>()[i])));
  return largest / static_cast<double>(x_scale) / static_cast<double>(1 << 30);
}

/// Clipping the largest weights a little often pays with 4 bits, hardly ever with 8.
float best_scale(const Channel& c, double largest, float x_scale) {
  double peak = 0;
  c.each([&](double v) { peak = std::max(peak, std::abs(v)); });
  double best = peak > 0 ? peak / largest : 1, least = squared_error(c, best, largest);
  const double start = best;
  const int steps = largest < 100 ? 50 : 10;
  for (int i = 1; i < steps / 2; ++i) {
    const double scale = start * (steps - i) / steps, error = squared_error(c, scale, largest);
    if (error < least) least = error, best = scale;
  }
  const auto scale = static_cast<float>(std::max(best, least_scale(c, x_scale)));
  return scale > 0 ? scale : 1.0F;
}

std::size_t scale_index(const std::vector<float>& scales, std::size_t channel) { return scales.size() == 1 ? 0 : channel; }

}  // namespace

QuantizedConstant quantize_weights(const Weights& w, DType type, bool per_channel, float x_scale) {
  QuantizedConstant q{make_tensor(type, w.weights->shape), {}};
  const auto largest = static_cast<double>(max_of(type));
  for (std::size_t c = 0; c < (per_channel ? static_cast<std::size_t>(w.channels) : 1); ++c)
    q.scales.push_back(best_scale({w, c, !per_channel}, largest, x_scale));
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
    q.values.as<std::int32_t>()[c] = static_cast<std::int32_t>(
        std::nearbyint(static_cast<double>(bias.as<float>()[c]) / static_cast<double>(q.scales[scale_index(q.scales, c)])));
  return q;
}

Tensor dequantized(const Weights& w, const QuantizedConstant& q) {
  Tensor result = *w.weights;
  for (std::size_t i = 0; i < result.as<float>().size(); ++i)
    result.as<float>()[i] = static_cast<float>(q.values.as<std::int8_t>()[i]) * q.scales[scale_index(q.scales, w.channel(i))];
  return result;
}

namespace {

/// A product whose bias is to be corrected, with the error of its weights.
struct Correction {
  std::size_t node;
  Tensor error;                            ///< dequantized weights - weights
  std::vector<std::vector<double>> means;  ///< [sample][channel] of the layer's output with `error` for weights
};

std::vector<Correction> corrections(const Graph& graph, const QuantizationPlan& plan, std::size_t samples) {
  std::vector<Correction> result;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const auto w = weights_of(graph, graph.nodes[n]);
    if (!w || !plan.nodes[n] || !plan.values[index(graph.nodes[n].inputs[0])] || graph.nodes[n].is("MatMul")) continue;
    const float x_scale = plan.values[index(graph.nodes[n].inputs[0])]->scale;
    Tensor error = dequantized(*w, quantize_weights(*w, plan.weight_types[n], plan.scheme.per_channel, x_scale));
    for (std::size_t i = 0; i < error.as<float>().size(); ++i) error.as<float>()[i] -= w->weights->as<float>()[i];
    result.push_back({n, std::move(error), std::vector<std::vector<double>>(samples)});
  }
  return result;
}

/// Mean of each channel: dimension 1 of a Conv's or Gemm's output.
std::vector<double> channel_means(const Tensor& y) {
  const auto images = static_cast<std::size_t>(y.shape[0]), channels = static_cast<std::size_t>(y.shape[1]);
  const std::size_t inner = y.as<float>().size() / images / channels;
  std::vector<double> means(channels, 0);
  for (std::size_t i = 0; i < y.as<float>().size(); ++i) means[i / inner % channels] += static_cast<double>(y.as<float>()[i]);
  for (double& m : means) m /= static_cast<double>(images * inner);
  return means;
}

}  // namespace

void correct_biases(Graph& graph, const QuantizationPlan& plan, const std::vector<Sample>& samples, const ProgressReport& progress) {
  const Executor executor(graph);
  auto list = corrections(graph, plan, samples.size());
  const auto body = [&](std::int64_t i) {
    const auto sample = static_cast<std::size_t>(i);
    executor.run(samples[sample], [&](ValueId id, const Tensor& x) {
      for (Correction& c : list) {
        const Node& node = graph.nodes[c.node];
        if (node.inputs[0] != id) continue;
        const Tensor* operands[] = {&x, &c.error};
        c.means[sample] = channel_means(evaluate(graph, node, operands)[0]);
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
    const std::string name = node.inputs[2] == ValueId::none ? graph[node.outputs[0]].name + "_bias" : graph[node.inputs[2]].name;
    node.inputs[2] = graph.add_constant(name, std::move(bias));
  }
}

}  // namespace o2m
