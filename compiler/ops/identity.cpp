// Identity and Dropout (inference): the output is the input, no code.

#include "ops/lower.hpp"

namespace o2m {
namespace {

/// At the border of an unrolled body ONNX Runtime rounds to float16; between operators it may not.
void infer_identity(InferContext& c) {
  if (c.node.has_attr("border") && c.type(0) == DType::float16)
    refuse("float16 in the body of a Loop or Scan is not supported");
  c.set(0, c.type(0), c.shape(0));
}

void lower_identity(LowerContext& c) { c.alias(0, 0); }

std::vector<Tensor> eval_identity(const Graph&, const Node&, EvalInputs in) { return {*in[0]}; }

/// Dropout 7-22: training_mode must be false; the optional mask output is all true.
void infer_dropout(InferContext& c) {
  const Tensor* training = c.constant(2);
  if (c.has(2) && (!training || training->integer(0) != 0))
    refuse("training_mode is not supported, only inference");
  c.set(0, c.type(0), c.shape(0));
  c.set(1, DType::boolean, c.shape(0));
  if (c.node.outputs.size() > 1 && c.node.outputs[1] != ValueId::none) {
    Tensor mask = make_tensor(DType::boolean, c.shape(0));
    std::fill(mask.bytes.begin(), mask.bytes.end(), std::byte{1});
    c.graph[c.node.outputs[1]].constant = std::make_shared<const Tensor>(std::move(mask));
  }
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_Identity){"", "Identity", infer_identity, lower_identity, eval_identity};
ONNX2MCU_DEFINE_OP(op_Dropout){"", "Dropout", infer_dropout, lower_identity, eval_identity};

}  // namespace o2m
