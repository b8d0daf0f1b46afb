// QuantizationPlan: which nodes of a prepared float graph become quantized and with which numbers; and the
// QDQ graph that says so in ONNX words.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "quantize/calibrate.hpp"
#include "quantize/layers.hpp"

namespace o2m {

/// What the user may choose.
struct Scheme {
  DType activations = DType::uint8;  ///< or int8
  DType weights = DType::int8;       ///< or int4
  bool per_channel = true;
  DType input = DType::float32, output = DType::float32;  ///< of the network; or uint8, int8
  std::vector<std::string> keep_float;                    ///< names of nodes or tensors, operator types
  std::vector<std::optional<Range>> input_ranges;         ///< per network input: not calibrated but known
};

struct Affine {
  float scale = 1;
  std::int64_t zero_point = 0;
  DType type = DType::uint8;

  double lowest() const {
    return static_cast<double>(scale) * static_cast<double>(min_of(type) - zero_point);
  }
  double highest() const {
    return static_cast<double>(scale) * static_cast<double>(max_of(type) - zero_point);
  }
};

struct QuantizationPlan {
  Scheme scheme;
  std::vector<bool> nodes;                    ///< which are quantized
  std::vector<DType> weight_types;            ///< per node: of a product's weights
  std::vector<std::optional<Affine>> values;  ///< of each tensor that is quantized
};

/// Refuses a --keep-float that names nothing.
QuantizationPlan make_plan(const Graph& graph, const Scheme& scheme,
                           const std::vector<TensorStatistics>& statistics, RangeMethod method,
                           double percentile);

/// The same numbers with only the nodes of `nodes` quantized (and the network's inputs and outputs left
/// float).
QuantizationPlan restricted(const Graph& graph, const QuantizationPlan& plan, const std::vector<bool>& nodes);

/// The graph with QuantizeLinear and DequantizeLinear inserted. Every quantized tensor keeps its ValueId on
/// the side of its readers, but for network inputs. Still to be inferred (infer_shapes).
Graph insert_qdq(const Graph& graph, const QuantizationPlan& plan);

/// Scale and zero point for a range: 0 is represented exactly.
Affine affine_of(const Range& range, DType type);

}  // namespace o2m
