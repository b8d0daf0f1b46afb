// MatMulInteger 10: A, B, [a_zero_point], [b_zero_point] to int32.

#include "ops/integer_product.hpp"

namespace o2m {
namespace {

constexpr IntegerProductInputs inputs{0, 1, 2, 3};

void infer(InferContext& c) { c.set(0, DType::int32, infer_integer_product(c, inputs).out); }

void lower(LowerContext& c) {
  const std::string name = c.layer_name();
  lower_integer_product(c, inputs, name, c.output(0));
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_MatMulInteger){"", "MatMulInteger", infer, lower};

}  // namespace o2m
