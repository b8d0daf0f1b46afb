// Scales and zero points that are computed at run time.

#include <algorithm>
#include <array>

#include "diagnostics.hpp"
#include "passes/passes.hpp"
#include "passes/qdq/pairs.hpp"
#include "passes/qdq/steps.hpp"

namespace o2m {
namespace {

bool is_computed(const Graph& graph, const Node& node) {
  const auto computed = [&](std::size_t slot) {
    return node.has_input(slot) && !graph.constant(node.inputs[slot]);
  };
  return computed(1) || computed(2);
}

template <class F>
bool any_producer(const Graph& graph, const Uses& uses, const Node& node, F f) {
  return std::any_of(node.inputs.begin(), node.inputs.end(), [&](ValueId id) {
    const int n = id == ValueId::none ? -1 : uses.producer[index(id)];
    return n >= 0 && f(graph.nodes[static_cast<std::size_t>(n)]);
  });
}

template <class F>
bool any_consumer(const Graph& graph, const Uses& uses, const Node& node, F f) {
  return std::any_of(node.outputs.begin(), node.outputs.end(), [&](ValueId id) {
    return id != ValueId::none &&
           std::any_of(uses.consumers[index(id)].begin(), uses.consumers[index(id)].end(),
                       [&](int n) { return f(graph.nodes[static_cast<std::size_t>(n)]); });
  });
}

bool is_product(const Node& node) {
  constexpr std::array products = {"MatMul", "Gemm"};  // also without a Q behind them
  return std::any_of(products.begin(), products.end(), [&](const char* op) { return node.is(op); });
}

/// Whether ONNX Runtime may make one quantized operator of a float one and the Q or DQ nodes around it.
bool belongs_to_group(const Graph& graph, const Uses& uses, const Node& node) {
  if (is_q(node)) {
    const int n = uses.producer[index(node.inputs[0])];
    return n >= 0 && any_producer(graph, uses, graph.nodes[static_cast<std::size_t>(n)], is_dq);
  }
  if (graph[node.inputs[0]].type == DType::int32)
    return false;  // a bias: weight_bias.cpp leaves the node in float
  return any_consumer(graph, uses, node, [&](const Node& reader) {
    return is_product(reader) || is_q(reader) || any_consumer(graph, uses, reader, is_q);
  });
}

}  // namespace

void refuse_computed_groups(Graph& graph, Diagnostics& diagnostics) {
  const Uses uses(graph);
  for_each_node(graph, diagnostics, [&](const Node& node) {
    if ((is_q(node) || is_dq(node)) && is_computed(graph, node) && belongs_to_group(graph, uses, node))
      refuse(
          "scale or zero point is computed at run time; they must be constants where ONNX Runtime may "
          "compute between DequantizeLinear and "
          "QuantizeLinear in integers");
  });
}

}  // namespace o2m
