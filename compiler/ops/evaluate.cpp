#include "ops/evaluate.hpp"

#include "ops/op.hpp"

namespace o2m {

bool can_evaluate(const Node& node, Precision precision) {
  const Op* op = find_op(node.domain, node.op_type);
  return op && (op->eval || (precision == Precision::estimate && op->estimate));
}

std::vector<Tensor> evaluate(const Graph& graph, const Node& node, Precision precision,
                             const std::function<const Tensor*(ValueId)>& variable) {
  std::vector<const Tensor*> inputs;
  for (const ValueId id : node.inputs) {
    const Tensor* constant = id == ValueId::none ? nullptr : graph.constant(id);
    inputs.push_back(id == ValueId::none || constant ? constant : variable(id));
  }
  const Op& op = op_of(node);
  const bool fast = precision == Precision::estimate && op.estimate;
  return (fast ? op.estimate : op.eval)(graph, node, inputs);
}

}  // namespace o2m
