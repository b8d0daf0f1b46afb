// Expand 8-13: x broadcast together with a constant shape.

#include "ops/eval_elementwise.hpp"
#include "ops/int_list.hpp"
#include "ops/strided_copy.hpp"

namespace o2m {
namespace {

void infer(InferContext& c) {
  const auto shape = int_list_input(c.graph, c.node, "shape", 1);
  if (!shape) refuse("shape (input 1) is missing");
  for (const std::int64_t dim : *shape)
    if (dim < 0) refuse("shape {} has a negative dimension", to_string(*shape));
  c.set(0, c.type(0), broadcast(c.shape(0), *shape));
}

StridedCopy copy_of(const Shape& in, const Shape& out) { return {out, broadcast_strides(in, out), 0}; }

void lower(LowerContext& c) { lower_strided_copy(c, copy_of(c.in_shape(0), c.out_shape(0))); }

std::vector<Tensor> eval(const Graph& graph, const Node& node, EvalInputs in) {
  const Shape& out = graph.shape(node.outputs[0]);
  return {eval_strided_copy(*in[0], out, copy_of(in[0]->shape, out))};
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_Expand){"", "Expand", infer, lower, eval};

}  // namespace o2m
