// Min, Max, Sum 8-13 and Mean 8-13 of any number of inputs: a chain of two-operand calls.

#include "ops/binary.hpp"
#include "ops/estimate.hpp"
#include "ops/eval_elementwise.hpp"

namespace o2m {
namespace {

void infer(InferContext& c) {
  if (c.type(0) == DType::float16) refuse("float16 is not supported, only float32 and integers");
  Shape shape = c.shape(0);
  for (std::size_t i = 1; i < c.input_count(); ++i) {
    if (c.type(i) != c.type(0))
      refuse("input {} is {}, expected {} as input 0", i, to_string(c.type(i)), to_string(c.type(0)));
    shape = broadcast(shape, c.shape(i));
  }
  c.set(0, c.type(0), shape);
}

/// y = f(f(x0, x1), x2) …; the last call writes the output, the others write intermediate results.
void lower_chain(LowerContext& c, const char* function) {
  const std::size_t n = c.node.inputs.size();
  Operand sum = c.operand(0);
  Shape shape = c.in_shape(0);
  for (std::size_t i = 1; i < n; ++i) {
    const Shape next = broadcast(shape, c.in_shape(i));
    const BufferId y =
        i + 1 == n ? c.output(0) : c.scratch("partial result", c.in(0).type, element_count(next));
    lower_binary(c, function, {sum, shape}, {c.operand(i), c.in_shape(i)}, y, next);
    sum = y;
    shape = next;
  }
}

void lower(LowerContext& c) {
  if (c.node.inputs.size() == 1) return c.alias(0, 0);
  lower_chain(c, c.node.is("Min") ? "Min" : c.node.is("Max") ? "Max" : "Add");
}

/// Mean: the sum times the rounded reciprocal of the count, as ONNX Runtime has it (Mean_8,
/// element_wise_ops.cc).
void lower_mean(LowerContext& c) {
  if (!is_float(c.in(0).type))
    refuse("the inputs are {}, only float32 is supported", to_string(c.in(0).type));
  lower(c);
  if (c.node.inputs.size() == 1) return;
  const BufferId sum = c.buffers[index(c.node.outputs[0])];
  const std::vector<float> factor{1.0F / static_cast<float>(c.node.inputs.size())};
  const Operand reciprocal = c.array("reciprocal", DType::float32, factor);
  lower_binary(c, "Mul", {sum, c.out_shape(0)}, {reciprocal, {}}, c.output(0), c.out_shape(0));
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_Max){"", "Max", infer, lower, eval_max};
ONNX2MCU_DEFINE_OP(op_Mean){"", "Mean", infer, lower_mean, nullptr, estimate_mean};
ONNX2MCU_DEFINE_OP(op_Min){"", "Min", infer, lower, eval_min};
ONNX2MCU_DEFINE_OP(op_Sum){"", "Sum", infer, lower, eval_sum};

}  // namespace o2m
