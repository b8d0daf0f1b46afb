// Loop 1-25 with a number of iterations that is known at compile time and a condition that stays true, Scan
// 9-25: infer_shapes puts the body in their place, once per iteration.

#include "ops/op.hpp"

namespace o2m {
namespace {

void infer_loop(InferContext& c) {
  const Tensor& count = c.required_constant(0, "the number of iterations");
  if (count.type != DType::int64 || count.count() != 1)
    refuse("the number of iterations is {}{}, expected one int64", to_string(count.type),
           to_string(count.shape));
  const Tensor& condition = c.required_constant(1, "the condition");
  refuse("the condition is {}{}, expected one truth value", to_string(condition.type),
         to_string(condition.shape));
}

void infer_scan(InferContext& c) { refuse("the shape of input {} is not known", c.input_count() - 1); }

}  // namespace

ONNX2MCU_DEFINE_OP(op_Loop){"", "Loop", infer_loop};
ONNX2MCU_DEFINE_OP(op_Scan){"", "Scan", infer_scan};

}  // namespace o2m
