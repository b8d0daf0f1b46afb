// What the user of a quantized port needs to know, and --io quantized.

#include "passes/passes.hpp"
#include "passes/qdq/pairs.hpp"
#include "passes/qdq/steps.hpp"

namespace o2m {
namespace {

void record(Graph& graph, ValueId port, const Node& node) {
  const auto p = per_tensor(graph, node);
  if (p && is_8bit(graph[port].type)) graph.port_quantization[port] = {p->scale, static_cast<int>(p->zero_point)};
}

}  // namespace

void record_port_quantization(Graph& graph) {
  const Uses uses(graph);
  for (const ValueId port : graph.inputs)
    for (const int n : uses.consumers[index(port)])
      if (is_dq(graph.nodes[static_cast<std::size_t>(n)])) record(graph, port, graph.nodes[static_cast<std::size_t>(n)]);
  for (const ValueId port : graph.outputs) {
    const int n = uses.producer[index(port)];
    if (n >= 0 && is_q(graph.nodes[static_cast<std::size_t>(n)])) record(graph, port, graph.nodes[static_cast<std::size_t>(n)]);
  }
}

}  // namespace o2m
