// Post-training static quantization: float Graph and samples -> QDQ Graph. Tries what can be chosen (ways to find
// ranges, equalization, bias correction) and keeps what comes closest to the float network on the samples.
#pragma once

#include <optional>
#include <string>

#include "diagnostics.hpp"
#include "quantize/plan.hpp"

namespace o2m {

enum class Switch { automatic, on, off };

struct QuantizeOptions {
  Scheme scheme;
  std::optional<RangeMethod> method;     ///< unset: the best
  double percentile = 99.99;
  Switch equalize = Switch::automatic;
  Switch correct_bias = Switch::automatic;
  double int4_decibel = 20;              ///< layers are given 8-bit weights until the network is as close as this
};

struct QuantizationResult {
  Graph reference;             ///< the prepared float graph
  Graph graph;                 ///< what `plan` was made for: after equalization and bias correction
  QuantizationPlan plan;
  std::vector<TensorStatistics> statistics;  ///< of `graph`
  RangeMethod method = RangeMethod::minmax;
  bool equalized = false, bias_corrected = false;
  double decibel = 0;          ///< of the network's outputs on the samples
};

/// `graph` as import made it.
QuantizationResult quantize(Graph graph, const QuantizeOptions& options, const std::vector<Sample>& samples, const NewProgress& progress,
                            Diagnostics& diagnostics);

/// Effect of quantizing each node alone, in dB of the judged values: one entry per node, unset for what is not quantized
/// or has no effect of its own.
std::vector<std::optional<double>> effects_alone(const QuantizationResult& result, const std::vector<Sample>& samples, const ProgressReport& progress);

/// `count` samples spread evenly over all.
std::vector<Sample> spread(const std::vector<Sample>& samples, std::size_t count);

}  // namespace o2m
