// Brings an imported float Graph into the form that quantizes best: constants folded, BatchNormalization, Add
// and Mul by constants merged into the layer before them, biases as vectors, clamps directly behind what they
// clamp.
#pragma once

#include "diagnostics.hpp"
#include "ir/graph.hpp"

namespace o2m {

/// `least_opset`: the model is raised to it if it is older. Refuses a model that is already quantized.
void prepare_for_quantization(Graph& graph, std::int64_t least_opset, Diagnostics& diagnostics);

/// Rewrites what changed between the graph's opset of ai.onnx and `opset` (attributes that became inputs,
/// Softmax's axis). The graph has passed infer_shapes.
void raise_opset(Graph& graph, std::int64_t opset, Diagnostics& diagnostics);

}  // namespace o2m
