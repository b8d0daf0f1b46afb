// constant -> DQ -> X -> Q is computed at compile time when X has one input and one output, so that a
// transposed weight is quantized again for the node that reads it (ConstantFolding in ONNX Runtime).

#include "ops/evaluate.hpp"
#include "passes/qdq/pairs.hpp"
#include "passes/qdq/steps.hpp"

namespace o2m {
namespace {

/// Is it computed exactly, by its first input and constants?
bool is_foldable(const Graph& graph, const Node& node) {
  if (!can_evaluate(node, Precision::exact)) return false;
  for (std::size_t i = 1; i < node.inputs.size(); ++i)
    if (node.has_input(i) && !graph.constant(node.inputs[i])) return false;
  return true;
}

/// The Q at the end of the unit that begins with DQ node `dq`, or -1.
int last_of_unit(const Rewriter& r, int dq) {
  if (!is_dq(r.node(dq)) || !r.is_constant(r.node(dq).inputs[0])) return -1;
  const int x = r.only_reader(dq);
  if (x < 0 || r.node(x).inputs.size() != 1 || r.node(x).outputs.size() != 1) return -1;
  const int q = r.only_reader(x);
  if (q < 0 || !is_q(r.node(q)) || r.makes_output(q)) return -1;
  for (const int n : {dq, x, q})
    if (!is_foldable(r.graph, r.node(n))) return -1;
  return q;
}

}  // namespace

bool fold_constant_units(Graph& graph) {
  Rewriter r(graph);
  for (int n = 0; n < static_cast<int>(r.size()); ++n) {
    if (!r.alive(n)) continue;
    const int q = last_of_unit(r, n);
    if (q < 0) continue;
    const int x = r.only_reader(n);
    Tensor value = evaluate(graph, r.node(n), Precision::exact)[0];
    for (const int behind : {x, q})
      value = evaluate(graph, r.node(behind), Precision::exact, [&](ValueId) { return &value; })[0];
    r.move_readers(r.node(q).outputs[0], r.new_constant(r.node(q).outputs[0], "folded", std::move(value)));
    for (const int done : {q, x, n}) r.remove(done);
  }
  return r.finish();
}

}  // namespace o2m
