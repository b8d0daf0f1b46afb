// How much a quantized graph differs from its float original on samples: both run side by side.
#pragma once

#include "quantize/calibrate.hpp"
#include "quantize/plan.hpp"

namespace o2m {

struct Noise {
  double signal = 0, noise = 0;            ///< sums of squares: of the float values, of the differences
  std::int64_t elements = 0, clipped = 0;  ///< clipped: float values outside what the plan can represent
  double decibel() const;                  ///< 10 log10(signal / noise); at most 120
};

/// One entry per id of `ids`: the float graph's value against the same ValueId in the graph of `plan`.
std::vector<Noise> measure(const Graph& graph, const QuantizationPlan& plan, const std::vector<ValueId>& ids,
                           const std::vector<Sample>& samples, const ProgressReport& progress = {});

/// What to judge a whole network by: its outputs, or what goes into a Softmax or Sigmoid that makes them.
std::vector<ValueId> judged_values(const Graph& graph);

/// Signal-to-noise ratio over the judged values, in dB.
double total_decibel(const Graph& graph, const QuantizationPlan& plan, const std::vector<Sample>& samples);

/// Samples whose label is the index of the first greatest element of the graph's first output.
std::int64_t correct_predictions(const Graph& graph, const std::vector<Sample>& samples,
                                 const std::vector<std::int64_t>& labels,
                                 const ProgressReport& progress = {});

/// The graph of `plan` with everything constant folded: fast to run.
Graph simulation(const Graph& graph, const QuantizationPlan& plan);

}  // namespace o2m
