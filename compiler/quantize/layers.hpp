// What post-training quantization knows of operators: which ones ONNX Runtime runs on integers between
// DequantizeLinear and QuantizeLinear, which only move values, and where a layer's weights and bias are.
#pragma once

#include <optional>
#include <vector>

#include "ir/graph.hpp"

namespace o2m {

enum class Role {
  product,   ///< Conv, Gemm, MatMul with constant weights
  computes,  ///< Add, Mul, Concat, AveragePool, …: 8-bit inputs and outputs
  moves,     ///< MaxPool, Reshape, …: the output has the scale of the input
  clamps,    ///< Relu, Clip from 0: free behind a product or computation
  other      ///< stays float
};

Role role_of(const Graph& graph, const Node& node);

/// Weights and bias of a product. `weights` has one scale per output channel along `axis` (its first or
/// last).
struct Weights {
  const Tensor* weights = nullptr;
  const Tensor* bias = nullptr;  ///< one value per channel, or null
  std::int64_t axis = 0, channels = 0;

  /// Output channel of element i.
  std::size_t channel(std::size_t i) const {
    const auto n = static_cast<std::size_t>(channels);
    return axis == 0 ? i / (static_cast<std::size_t>(weights->count()) / n) : i % n;
  }
};

/// Nothing for a node that is no product.
std::optional<Weights> weights_of(const Graph& graph, const Node& node);

/// Marks nodes whose saturation the QuantizeLinear behind them takes over: a clamp behind a product or
/// computation that only it reads. One entry per node: the clamp's number, or -1.
std::vector<int> clamps_behind(const Graph& graph, const Uses& uses);

}  // namespace o2m
