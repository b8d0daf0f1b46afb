// What the user of a quantized port needs to know, recorded from the model before any fusion. Float ports are
// recorded too: --io quantized (strip_io.cpp) asks whether the model's integers there are int8 or uint8.

#include "passes/qdq/pairs.hpp"
#include "passes/qdq/steps.hpp"

namespace o2m {
namespace {

void record(Graph& graph, ValueId port, const Node& pair) {
  const auto p = per_tensor(graph, pair);
  if (p && is_8bit(quantized_type(graph, pair)))
    graph.port_quantization[port] = {p->scale, static_cast<int>(p->zero_point)};
}

/// An 8-bit input's DQ; a float input's Q, behind operators without branches.
void record_input(Rewriter& r, ValueId port) {
  const std::vector<Edge>& readers = r.readers(port);
  if (is_8bit(r.graph[port].type)) {
    for (const Edge& edge : readers)
      if (is_dq(r.node(edge.node))) record(r.graph, port, r.node(edge.node));
  } else if (readers.size() == 1) {
    int n = readers[0].node;
    while (n >= 0 && !is_q(r.node(n))) n = r.only_reader(n);
    if (n >= 0) record(r.graph, port, r.node(n));
  }
}

/// An 8-bit output's Q, or the DQ that reads it as well; a float output's DQ.
void record_output(Rewriter& r, ValueId port) {
  const bool is_float = !is_8bit(r.graph[port].type);
  int n = r.producer(port);
  while (is_float && n >= 0 && !is_dq(r.node(n))) n = r.input_node(n, 0);
  for (const Edge& edge : r.readers(port))
    if (!is_float && is_dq(r.node(edge.node))) record(r.graph, port, r.node(edge.node));
  if (n >= 0 && (is_float || is_q(r.node(n)))) record(r.graph, port, r.node(n));
}

}  // namespace

void record_port_quantization(Graph& graph) {
  Rewriter r(graph);
  for (const ValueId port : graph.inputs) record_input(r, port);
  for (const ValueId port : graph.outputs) record_output(r, port);
}

}  // namespace o2m
