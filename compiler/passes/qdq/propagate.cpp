// Q -> DQ pairs are repeated on the far side of operators that only move data, backward from a Q and forward
// from a DQ, so that each such operator stands between a DQ and a Q of equal parameters
// (QDQPropagationTransformer).

#include <algorithm>
#include <deque>

#include "passes/qdq/pairs.hpp"
#include "passes/qdq/steps.hpp"

namespace o2m {
namespace {

bool moves_data(const Graph& graph, const Node& node) {
  if (!node.domain.empty()) return false;
  if (node.op_type == "MaxPool") return graph.opset() >= 12;
  static constexpr std::string_view types[] = {"Reshape", "Transpose", "Squeeze", "Unsqueeze", "Slice"};
  return std::find(std::begin(types), std::end(types), node.op_type) != std::end(types);
}

/// Puts Q -> DQ, with the parameters of the Q or DQ `like`, between value `v` and the given readers; each of
/// them, and the graph output if `v` is one and `output` is set, gets a DQ of its own.
void insert_pair(Rewriter& r, ValueId v, const std::vector<Edge>& edges, bool output, int like) {
  const Node model = r.node(like);
  const auto with_parameters = [&](ValueId data) {
    std::vector<ValueId> inputs = model.inputs;
    inputs[0] = data;
    return inputs;
  };
  const int source = r.producer(v);
  const int near = source >= 0 ? source : edges.front().node;
  ValueId before = v;
  if (source >= 0) {
    before = r.new_value(v, "float", DType::float32);
    const auto& made = r.node(source).outputs;
    r.set_output(source, static_cast<std::size_t>(std::find(made.begin(), made.end(), v) - made.begin()),
                 before);
  }
  // Without a zero point, and before there was output_dtype, ONNX Runtime's new QuantizeLinear makes uint8 of
  // int8.
  const bool defaults = !model.has_input(zero_point_slot) && r.graph.opset() < 21;
  const ValueId quantized =
      r.new_value(v, "quantized", defaults ? DType::uint8 : quantized_type(r.graph, model));
  Node q{"QuantizeLinear", model.domain, "", model.index, with_parameters(before), {quantized}, {}};
  if (!model.has_input(zero_point_slot) && !defaults)
    q.attributes["output_dtype"] = static_cast<std::int64_t>(r.graph[quantized].type);
  r.add(std::move(q), near);
  const auto add_dq = [&](ValueId after) {
    r.add({"DequantizeLinear", model.domain, "", model.index, with_parameters(quantized), {after}, {}}, near);
  };
  for (const Edge& edge : edges) {
    const ValueId after = r.new_value(v, "dequantized", DType::float32);
    add_dq(after);
    r.set_input(edge.node, edge.slot, after);
  }
  if (output) add_dq(v);
}

/// The value that node `n` reads as its first input if a pair can be put before it: it has no other use, or
/// it is a graph input.
ValueId splittable_input(const Rewriter& r, int n) {
  const ValueId v = r.node(n).inputs[0];
  if (r.is_constant(v)) return ValueId::none;
  return r.producer(v) < 0 || (r.readers(v).size() == 1 && !r.is_output(v)) ? v : ValueId::none;
}

void propagate_q_backward(Rewriter& r, int q) {
  const ValueId last = splittable_input(r, q);
  int mover = r.producer(last);
  while (mover >= 0 && moves_data(r.graph, r.node(mover))) {
    const ValueId v = splittable_input(r, mover);
    if (v == ValueId::none) return;
    const int source = r.producer(v);
    if (source >= 0 && is_dq(r.node(source))) return;
    insert_pair(r, v, {{mover, 0}}, false, q);
    mover = source;
  }
}

void propagate_dq_forward(Rewriter& r, int dq) {
  const int first = r.only_reader(dq);
  if (first < 0 || r.is_constant(r.node(dq).inputs[0])) return;
  std::deque<int> movers{first};
  while (!movers.empty()) {
    const int mover = movers.front();
    movers.pop_front();
    if (!moves_data(r.graph, r.node(mover))) continue;
    const ValueId v = r.node(mover).outputs[0];
    const std::vector<Edge> edges = r.readers(v);
    const bool meets_q =
        std::any_of(edges.begin(), edges.end(), [&](const Edge& e) { return is_q(r.node(e.node)); });
    if (meets_q || (edges.empty() && !r.is_output(v))) continue;
    insert_pair(r, v, edges, r.is_output(v), dq);
    for (const Edge& edge : edges) movers.push_back(edge.node);
  }
}

}  // namespace

bool propagate_pairs(Graph& graph) {
  Rewriter r(graph);
  const int count = static_cast<int>(r.size());
  for (int n = 0; n < count; ++n)
    if (is_q(r.node(n)) && per_tensor(graph, r.node(n))) propagate_q_backward(r, n);
  for (int n = 0; n < count; ++n)
    if (is_dq(r.node(n)) && per_tensor(graph, r.node(n)) && size_of(quantized_type(graph, r.node(n))) <= 2)
      propagate_dq_forward(r, n);
  return r.finish();
}

}  // namespace o2m
