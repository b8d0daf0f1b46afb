// com.microsoft MatMulIntegerToFloat 1 (what QDQ MatMul without a QuantizeLinear becomes): A, B, a_scale,
// b_scale, [a_zero_point], [b_zero_point], [bias float32]. Scales and zero points constant or computed at run
// time; b's scale is one element or one per column.

#include "ops/integer_product.hpp"
#include "program/names.hpp"

namespace o2m {
namespace {

constexpr IntegerProductInputs inputs{0, 1, 4, 5};

void check_float(const InferContext& c, std::size_t i, const char* what, std::int64_t columns) {
  if (c.type(i) != DType::float32) refuse("{} is {}, only float32 is supported", what, to_string(c.type(i)));
  const std::int64_t count = element_count(c.shape(i));
  if (count != 1 && count != columns)
    refuse("{} has shape {}, expected one element or {}", what, to_string(c.shape(i)), columns);
}

void infer(InferContext& c) {
  const MatrixProduct p = infer_integer_product(c, inputs);
  check_float(c, 2, "a_scale", 1);
  check_float(c, 3, "b_scale", p.n);
  if (c.has(6) && (c.type(6) != DType::float32 || c.shape(6) != Shape{p.n}))
    refuse("bias is {}{}, expected float32[{}]", to_string(c.type(6)), to_string(c.shape(6)), p.n);
  c.set(0, DType::float32, p.out);
}

void lower(LowerContext& c) {
  const std::int64_t count = element_count(c.out_shape(0)),
                     n = matrix_product(c.in_shape(0), c.in_shape(1)).n;
  const BufferId accumulators = c.scratch("accumulators", DType::int32, count);
  lower_integer_product(c, inputs, unique_layer_name(c.program, c.layer_name() + "_product", "product"),
                        accumulators);
  Call call = c.call("scale_accumulators", "matmul_integer.hpp");
  call.reads = {accumulators, c.operand(2), c.operand(3)};
  if (c.node.has_input(6)) call.reads.push_back(c.operand(6));
  call.writes = {c.output(0)};
  call.params = {param("rows", count / n), param("out", n),
                 param_bool("per_column", element_count(c.in_shape(3)) != 1)};
  c.add(std::move(call));
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_ms_MatMulIntegerToFloat){"com.microsoft", "MatMulIntegerToFloat", infer, lower};

}  // namespace o2m
