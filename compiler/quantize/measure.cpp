#include "quantize/measure.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>

#include "passes/passes.hpp"
#include "quantize/executor.hpp"

namespace o2m {
namespace {

void add(Noise& n, const Tensor& exact, const Tensor& y, const std::optional<Affine>& a) {
  const auto e = exact.as<float>(), v = y.as<float>();
  const double margin = a ? static_cast<double>(a->scale) / 2 : 0;
  const double low = a ? a->lowest() - margin : 0, high = a ? a->highest() + margin : 0;
  for (std::size_t i = 0; i < e.size(); ++i) {
    const double difference = static_cast<double>(v[i]) - static_cast<double>(e[i]),
                 exact_value = static_cast<double>(e[i]);
    n.signal += exact_value * exact_value;
    n.noise += difference * difference;
    n.clipped += a && (exact_value < low || exact_value > high);
  }
  n.elements += static_cast<std::int64_t>(e.size());
}

/// Types of network inputs and outputs do not matter here.
QuantizationPlan with_float_ports(QuantizationPlan plan) {
  plan.scheme.input = plan.scheme.output = DType::float32;
  return plan;
}

}  // namespace

double Noise::decibel() const {
  constexpr double most = 120;
  if (noise <= 0) return most;
  return std::min(most, 10 * std::log10(std::max(signal, 1e-300) / noise));
}

Graph simulation(const Graph& graph, const QuantizationPlan& plan) {
  Graph result = insert_qdq(graph, with_float_ports(plan));
  Diagnostics diagnostics;
  infer_shapes(result, diagnostics, /*fold_dequantize=*/true);
  return result;
}

std::vector<Noise> measure(const Graph& graph, const QuantizationPlan& plan, const std::vector<ValueId>& ids,
                           const std::vector<Sample>& samples, const ProgressReport& progress) {
  const Graph quantized = simulation(graph, plan);
  const Executor exact(graph), rounded(quantized);
  std::vector<int> slot(quantized.values.size(), -1);
  for (std::size_t i = 0; i < ids.size(); ++i) slot[index(ids[i])] = static_cast<int>(i);
  std::vector<std::vector<Noise>> by_sample(samples.size(), std::vector<Noise>(ids.size()));
  const auto body = [&](std::int64_t i) {
    const auto s = static_cast<std::size_t>(i);
    std::vector<Tensor> values(ids.size());
    exact.run(samples[s], [&](ValueId id, const Tensor& t) {
      if (slot[index(id)] >= 0) values[static_cast<std::size_t>(slot[index(id)])] = t;
    });
    rounded.run(samples[s], [&](ValueId id, const Tensor& t) {
      if (slot[index(id)] < 0) return;
      const auto n = static_cast<std::size_t>(slot[index(id)]);
      add(by_sample[s][n], values[n], t, plan.values[index(id)]);
    });
  };
  for_each_sample(static_cast<std::int64_t>(samples.size()), body, progress);
  std::vector<Noise> total(ids.size());
  for (const auto& sample : by_sample)  // in order of the samples: the same sums on any number of threads
    for (std::size_t i = 0; i < total.size(); ++i) {
      total[i].signal += sample[i].signal;
      total[i].noise += sample[i].noise;
      total[i].elements += sample[i].elements;
      total[i].clipped += sample[i].clipped;
    }
  return total;
}

std::vector<ValueId> judged_values(const Graph& graph) {
  const Uses uses(graph);
  std::vector<ValueId> ids;
  for (ValueId id : graph.outputs) {
    const int n = uses.producer[index(id)];
    const Node* node = n < 0 ? nullptr : &graph.nodes[static_cast<std::size_t>(n)];
    if (node && (node->is("Softmax") || node->is("Sigmoid") || node->is("LogSoftmax")) &&
        uses.producer[index(node->inputs[0])] >= 0)
      id = node->inputs[0];
    const bool known = std::find(ids.begin(), ids.end(), id) != ids.end();
    if (!known && n >= 0 && graph[id].type == DType::float32) ids.push_back(id);
  }
  return ids;
}

double total_decibel(const Graph& graph, const QuantizationPlan& plan, const std::vector<Sample>& samples) {
  Noise total;
  for (const Noise& n : measure(graph, plan, judged_values(graph), samples)) {
    total.signal += 1;
    total.noise += n.noise / std::max(n.signal, 1e-300);
  }
  return total.decibel();
}

std::int64_t correct_predictions(const Graph& graph, const std::vector<Sample>& samples,
                                 const std::vector<std::int64_t>& labels, const ProgressReport& progress) {
  const Executor executor(graph);
  std::atomic<std::int64_t> right = 0;
  const auto body = [&](std::int64_t i) {
    const Tensor y = executor.run(samples[static_cast<std::size_t>(i)]).at(0);
    const auto v = y.as<float>();
    right += std::max_element(v.begin(), v.end()) - v.begin() == labels[static_cast<std::size_t>(i)];
  };
  for_each_sample(static_cast<std::int64_t>(samples.size()), body, progress);
  return right;
}

}  // namespace o2m
