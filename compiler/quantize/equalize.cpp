// Cross-layer equalization.

#include <algorithm>
#include <cmath>

#include "quantize/weights.hpp"

namespace o2m {
namespace {

/// Commutes with a positive factor per channel and keeps channels apart: dimension 1 stays the channel, or,
/// behind Flatten and Reshape to a matrix, column j belongs to channel j / (columns / channels).
bool lets_scale_through(const Graph& graph, const Node& node) {
  if (node.is("Relu") || node.is("LeakyRelu") || node.is("MaxPool") || node.is("AveragePool") ||
      node.is("GlobalAveragePool") || node.is("GlobalMaxPool"))
    return true;
  if (!node.is("Flatten") && !node.is("Reshape")) return false;
  const Shape &x = graph.shape(node.inputs[0]), &y = graph.shape(node.outputs[0]);
  return y.size() == 2 && y[0] == x[0];
}

struct Pair {
  std::size_t first, second;  ///< nodes
};

/// The product that alone reads `id` through such operators, or -1.
int next_product(const Graph& graph, const Uses& uses, ValueId id) {
  while (uses.single(id)) {
    const int n = uses.consumers[index(id)][0];
    const Node& node = graph.nodes[static_cast<std::size_t>(n)];
    if (weights_of(graph, node) && node.inputs[0] == id) return n;
    if (!lets_scale_through(graph, node)) return -1;
    id = node.outputs[0];
  }
  return -1;
}

/// Input channel of element i of the second product's weights, given how many channels the first has.
std::size_t input_channel(const Node& node, const Weights& w, std::size_t i, std::size_t channels) {
  const Shape& shape = w.weights->shape;
  if (node.is("Conv")) {
    const auto area = static_cast<std::size_t>(element_count({shape.begin() + 2, shape.end()}));
    const auto depth = static_cast<std::size_t>(shape[1]),
               groups = static_cast<std::size_t>(node.attr("group", 1));
    const std::size_t group = i / (depth * area) / (static_cast<std::size_t>(shape[0]) / groups);
    return group * depth + i / area % depth;
  }
  const auto columns = static_cast<std::size_t>(shape[1]);
  const std::size_t k = w.axis == 0 ? i % columns : i / columns,
                    inputs = w.axis == 0 ? columns : static_cast<std::size_t>(shape[0]);
  return k / (inputs / channels);
}

/// Number of inputs of the second product that the first one's channels are spread over.
bool fits(const Graph& graph, const Node& node, const Weights& w, std::int64_t channels) {
  if (node.is("Conv")) return graph.shape(node.inputs[0])[1] == channels;
  const std::int64_t inputs = w.weights->shape[w.axis == 0 ? 1 : 0];
  return inputs % channels == 0 && graph.shape(node.inputs[0]).size() == 2;
}

void equalize_pair(Graph& graph, Node& a, Node& b) {
  const Weights first = *weights_of(graph, a), second = *weights_of(graph, b);
  const auto channels = static_cast<std::size_t>(first.channels);
  std::vector<float> range_a(channels, 0), range_b(channels, 0), factor(channels, 1);
  Tensor wa = *first.weights, wb = *second.weights;
  const auto widen = [](float& range, float v) { range = std::max(range, std::abs(v)); };
  for (std::size_t i = 0; i < wa.as<float>().size(); ++i) widen(range_a[first.channel(i)], wa.as<float>()[i]);
  for (std::size_t i = 0; i < wb.as<float>().size(); ++i)
    widen(range_b[input_channel(b, second, i, channels)], wb.as<float>()[i]);
  for (std::size_t c = 0; c < channels; ++c)
    if (range_a[c] > 0 && range_b[c] > 0)
      factor[c] = std::clamp(std::sqrt(range_b[c] / range_a[c]), 0.01F, 100.0F);
  for (std::size_t i = 0; i < wa.as<float>().size(); ++i) wa.as<float>()[i] *= factor[first.channel(i)];
  for (std::size_t i = 0; i < wb.as<float>().size(); ++i)
    wb.as<float>()[i] /= factor[input_channel(b, second, i, channels)];
  if (first.bias) {
    Tensor bias = *first.bias;
    for (std::size_t c = 0; c < channels; ++c) bias.as<float>()[c] *= factor[c];
    a.inputs[2] = graph.add_constant(graph[a.inputs[2]].name, std::move(bias));
  }
  a.inputs[1] = graph.add_constant(graph[a.inputs[1]].name, std::move(wa));
  b.inputs[1] = graph.add_constant(graph[b.inputs[1]].name, std::move(wb));
}

}  // namespace

int equalize(Graph& graph) {
  const Uses uses(graph);
  std::vector<Pair> pairs;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const auto w = weights_of(graph, graph.nodes[n]);
    if (!w || graph.nodes[n].is("MatMul")) continue;
    const int next = next_product(graph, uses, graph.nodes[n].outputs[0]);
    if (next < 0) continue;
    const Node& second = graph.nodes[static_cast<std::size_t>(next)];
    if (fits(graph, second, *weights_of(graph, second), w->channels))
      pairs.push_back({n, static_cast<std::size_t>(next)});
  }
  constexpr int rounds = 20;  // a layer between two others changes twice a round: it settles quickly
  for (int round = 0; round < rounds; ++round)
    for (const Pair& p : pairs) equalize_pair(graph, graph.nodes[p.first], graph.nodes[p.second]);
  remove_dead(graph);
  return static_cast<int>(pairs.size());
}

}  // namespace o2m
