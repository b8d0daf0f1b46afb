// Post-training static quantization: float Graph and samples -> QDQ Graph. Tries what can be chosen (ways to
// find ranges, equalization, bias correction) and keeps what comes closest to the float network on the
// samples.
#pragma once

#include <optional>
#include <string>

#include "diagnostics.hpp"
#include "quantize/plan.hpp"

namespace o2m {

enum class Switch { automatic, on, off };

struct QuantizeOptions {
  Scheme scheme;
  std::optional<RangeMethod> method;  ///< unset: the best
  double percentile = 99.99;
  Switch equalize = Switch::automatic;
  Switch correct_bias = Switch::automatic;
  double int4_decibel = 20;  ///< layers are given 8-bit weights until the network is as close as this
};

struct QuantizationResult {
  Graph reference;  ///< the prepared float graph
  Graph graph;      ///< what `plan` was made for: after equalization and bias correction
  QuantizationPlan plan;
  std::vector<TensorStatistics> statistics;  ///< of `graph`
  RangeMethod method = RangeMethod::minmax;
  bool equalized = false, bias_corrected = false;
  double decibel = 0;  ///< of the network's outputs on the samples
};

/// `graph` as import made it.
QuantizationResult quantize(Graph graph, const QuantizeOptions& options, const std::vector<Sample>& samples,
                            const NewProgress& progress, Diagnostics& diagnostics);

/// What quantizing one layer alone does to the network.
struct Effect {
  double decibel = 0;        ///< of the judged values
  std::int64_t correct = 0;  ///< samples predicted as `labels` say, where there are some
};

/// One entry per node, unset for what is not quantized or has no effect of its own.
std::vector<std::optional<Effect>> effects_alone(const QuantizationResult& result,
                                                 const std::vector<Sample>& samples,
                                                 const std::vector<std::int64_t>& labels,
                                                 const ProgressReport& progress);

/// `count` of all, spread evenly.
template <class T>
std::vector<T> spread(const std::vector<T>& all, std::size_t count) {
  if (all.size() <= count) return all;
  std::vector<T> chosen;
  for (std::size_t i = 0; i < count; ++i) chosen.push_back(all[i * all.size() / count]);
  return chosen;
}

}  // namespace o2m
