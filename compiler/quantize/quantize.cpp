#include "quantize/quantize.hpp"

#include <algorithm>

#include "passes/passes.hpp"
#include "quantize/measure.hpp"
#include "quantize/prepare.hpp"
#include "quantize/weights.hpp"

namespace o2m {
namespace {

constexpr std::size_t judged_samples = 200;

struct Search {
  const QuantizeOptions& options;
  const std::vector<Sample>& samples;
  const NewProgress& progress;
  std::vector<Sample> few = spread(samples, judged_samples);
  std::optional<QuantizationResult> best = std::nullopt;

  /// Later candidates must be better by this to be worth their trouble.
  static constexpr double least_gain = 0.5;  // dB

  void consider(const Graph& reference, const Graph& graph, QuantizationPlan plan,
                const std::vector<TensorStatistics>& statistics, RangeMethod method, bool equalized,
                bool corrected, bool wanted) {
    const double decibel = total_decibel(graph, plan, few);
    if (best && !wanted && decibel < best->decibel + least_gain) return;
    best = {reference, graph, std::move(plan), statistics, method, equalized, corrected, decibel};
  }

  void ranges(const Graph& reference, const Graph& graph, bool equalized, bool wanted) {
    const auto statistics =
        calibrate(graph, samples, progress(equalized ? "calibrate (equalized)" : "calibrate"));
    const auto report = progress(equalized ? "choose ranges (equalized)" : "choose ranges");
    constexpr auto methods = static_cast<std::int64_t>(std::size(range_methods));
    for (std::int64_t i = 0; i < methods; ++i) {
      const RangeMethod method = range_methods[i];
      report(i + 1, methods);
      if (options.method && *options.method != method) continue;
      consider(reference, graph, make_plan(graph, options.scheme, statistics, method, options.percentile),
               statistics, method, equalized, false, wanted);
      wanted = false;
    }
  }

  void bias_correction() {
    if (options.correct_bias == Switch::off) return;
    Graph corrected = best->graph;
    correct_biases(corrected, best->plan, samples, progress("correct biases"));
    QuantizationPlan plan = best->plan;
    plan.values.resize(corrected.values.size());
    auto statistics = best->statistics;
    statistics.resize(corrected.values.size());
    consider(best->reference, corrected, std::move(plan), statistics, best->method, best->equalized, true,
             options.correct_bias == Switch::on);
  }

  /// int4 where the accuracy allows: the layer that gains most from 8 bits gets them, until the network is
  /// close enough.
  void relax_int4() {
    if (options.scheme.weights != DType::int4) return;
    while (best->decibel < options.int4_decibel) {
      std::size_t gainer = best->graph.nodes.size();
      double decibel = -1e9;
      for (std::size_t n = 0; n < best->graph.nodes.size(); ++n) {
        if (best->plan.weight_types[n] != DType::int4 || !best->plan.nodes[n] ||
            !weights_of(best->graph, best->graph.nodes[n]))
          continue;
        QuantizationPlan plan = best->plan;
        plan.weight_types[n] = DType::int8;
        const double d = total_decibel(best->graph, plan, few);
        if (d > decibel) decibel = d, gainer = n;
      }
      if (gainer == best->graph.nodes.size()) return;
      best->plan.weight_types[gainer] = DType::int8;
      best->decibel = decibel;
    }
  }
};

}  // namespace

QuantizationResult quantize(Graph graph, const QuantizeOptions& options, const std::vector<Sample>& samples,
                            const NewProgress& progress, Diagnostics& diagnostics) {
  prepare_for_quantization(graph, options.scheme.weights == DType::int4 ? 21 : 13, diagnostics);
  Search search{options, samples, progress};
  if (options.equalize != Switch::on) search.ranges(graph, graph, false, false);
  if (options.equalize != Switch::off) {
    Graph equalized = graph;
    if (equalize(equalized) > 0 || options.equalize == Switch::on)
      search.ranges(graph, equalized, true, false);
  }
  search.relax_int4();
  search.bias_correction();
  return std::move(*search.best);
}

std::vector<std::optional<Effect>> effects_alone(const QuantizationResult& r,
                                                 const std::vector<Sample>& samples,
                                                 const std::vector<std::int64_t>& labels,
                                                 const ProgressReport& progress) {
  std::vector<std::optional<Effect>> effects(r.graph.nodes.size());
  const Uses uses(r.graph);
  const auto clamps = clamps_behind(r.graph, uses);
  const auto few = spread(samples, judged_samples);
  for (std::size_t n = 0; n < effects.size(); ++n) {
    const Role role = role_of(r.graph, r.graph.nodes[n]);
    progress(static_cast<std::int64_t>(n + 1), static_cast<std::int64_t>(effects.size()));
    if (!r.plan.nodes[n] || (role != Role::product && role != Role::computes)) continue;
    std::vector<bool> only(effects.size(), false);
    only[n] = true;
    if (clamps[n] >= 0)
      only[static_cast<std::size_t>(clamps[n])] = r.plan.nodes[static_cast<std::size_t>(clamps[n])];
    const QuantizationPlan alone = restricted(r.graph, r.plan, only);
    effects[n] = {total_decibel(r.graph, alone, few),
                  labels.empty() ? 0 : correct_predictions(simulation(r.graph, alone), samples, labels)};
  }
  return effects;
}

}  // namespace o2m
