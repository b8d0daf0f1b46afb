// If 1-25 with a condition that is known at compile time: infer_shapes puts the branch taken in its place.

#include "ops/op.hpp"

namespace o2m {
namespace {

void infer(InferContext& c) {
  const Tensor& condition = c.required_constant(0, "the condition");
  refuse("the condition has shape {}, expected one truth value", to_string(condition.shape));
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_If){"", "If", infer};

}  // namespace o2m
