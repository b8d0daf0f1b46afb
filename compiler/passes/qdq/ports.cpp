// What the user of a quantized port needs to know: its scale and zero point, from the nodes next to it.

#include <algorithm>

#include "passes/passes.hpp"
#include "passes/qdq/pairs.hpp"
#include "passes/qdq/steps.hpp"

namespace o2m {
namespace {

/// Where a quantized operator has the parameters (scale, then zero point) of its first input and of its output.
struct ParameterInputs {
  std::string_view type;
  std::size_t x, y;
};
constexpr ParameterInputs quantized_operators[] = {
    {"QLinearConv", 1, 6}, {"QLinearMatMul", 1, 6}, {"QGemm", 1, 7}, {"QLinearAdd", 1, 6}, {"QLinearMul", 1, 6},
    {"QLinearAveragePool", 1, 3}, {"QLinearGlobalAveragePool", 1, 3}, {"QLinearSigmoid", 1, 3}, {"QLinearLeakyRelu", 1, 3},
    {"QLinearSoftmax", 1, 3}, {"QLinearConcat", 3, 0}, {"QuantizeLinear", 1, 1}, {"DequantizeLinear", 1, 1}};

void record(Graph& graph, ValueId port, const Node& node, bool reads) {
  const auto it = std::find_if(std::begin(quantized_operators), std::end(quantized_operators),
                               [&](const ParameterInputs& p) { return p.type == node.op_type; });
  if (it == std::end(quantized_operators) || !is_8bit(graph[port].type)) return;
  const std::size_t i = reads ? it->x : it->y;
  const Tensor* scale = node.has_input(i) ? graph.constant(node.inputs[i]) : nullptr;
  const Tensor* zero_point = node.has_input(i + 1) ? graph.constant(node.inputs[i + 1]) : nullptr;
  if (!scale || scale->count() != 1) return;
  graph.port_quantization[port] = {static_cast<float>(scale->real(0)), zero_point ? static_cast<int>(zero_point->integer(0)) : 0};
}

}  // namespace

void record_port_quantization(Graph& graph) {
  const Uses uses(graph);
  const auto node = [&](int n) -> const Node& { return graph.nodes[static_cast<std::size_t>(n)]; };
  const auto from_readers = [&](ValueId port) {
    for (const int n : uses.consumers[index(port)])
      if (node(n).inputs[0] == port && (is_dq(node(n)) || !node(n).is("QuantizeLinear"))) record(graph, port, node(n), true);
  };
  for (const ValueId port : graph.inputs) from_readers(port);
  for (const ValueId port : graph.outputs) {
    from_readers(port);
    const int n = uses.producer[index(port)];
    if (n >= 0 && !is_dq(node(n))) record(graph, port, node(n), false);
  }
}

}  // namespace o2m
