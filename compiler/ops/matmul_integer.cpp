// MatMulInteger 10: A, B, [a_zero_point], [b_zero_point] to int32. Zero points constant or computed at run time (by
// DynamicQuantizeLinear); a's is one element, b's one or one per column.

#include "ops/matrix_product.hpp"
#include "ops/quantization.hpp"

namespace o2m {
namespace {

void infer(InferContext& c) {
  for (const std::size_t i : {0, 1})
    if (!is_8bit(c.type(i))) refuse("input {} is {}, only int8 and uint8 are supported", i, to_string(c.type(i)));
  for (const std::size_t i : {2, 3})
    if (c.has(i) && c.type(i) != c.type(i - 2)) refuse("input {} is {}, expected {}", i, to_string(c.type(i)), to_string(c.type(i - 2)));
  const MatrixProduct p = matrix_product(c.shape(0), c.shape(1));
  if (c.has(2) && element_count(c.shape(2)) != 1) refuse("a_zero_point has shape {}, only one element is supported", to_string(c.shape(2)));
  if (c.has(3) && element_count(c.shape(3)) != 1 && (element_count(c.shape(3)) != p.n || c.shape(1).size() != 2))
    refuse("b_zero_point has shape {}, expected one element or {}", to_string(c.shape(3)), p.n);
  c.set(0, DType::int32, p.out);
}

/// Weights [n][k] with their zero points taken off; the a_zero_point may have any value of its type.
void lower_constant(LowerContext& c, const MatrixProduct& p) {
  const QuantizedWeights w = gather_weights(*c.constant(1), read_zero_points(c.constant(3), p.n, "b_zero_point"), p.n, p.k,
                                            [&](std::int64_t o, std::int64_t i) { return i * p.n + o; });
  Call call = c.call("matmul_integer", "matmul_integer.hpp");
  call.reads = {c.operand(0), zero_point_operand(c, 2, c.in(0).type)};
  call.writes = {c.output(0)};
  call.params = {param("rows", p.m), param("in", p.k), param("out", p.n)};
  call.params.push_back(param_array(c.program, "weights", weight_array(c, w)));
  call.params.push_back(param_array(c.program, "weight_sums", c.array("weight_sums", DType::int32, weight_sums(w))));
  call.macs = p.m * p.k * p.n;
  call.weight_bytes = static_cast<std::int64_t>(w.values.size()) * size_of(w.type);
  c.add(std::move(call));
}

void lower(LowerContext& c) {
  const MatrixProduct p = matrix_product(c.in_shape(0), c.in_shape(1));
  const bool constant_b = c.constant(1) && (c.constant(3) || !c.node.has_input(3));
  if (constant_b && p.batch.empty()) return lower_constant(c, p);
  if (p.k * 255 * 255 > INT32_MAX) refuse("the sum of {} products may leave int32", p.k);
  Call call = c.call("matmul", "matmul_integer.hpp");
  add_matrix_product(call, p);
  call.reads = {c.operand(0), c.operand(1), zero_point_operand(c, 2, c.in(0).type), zero_point_operand(c, 3, c.in(1).type)};
  call.writes = {c.output(0)};
  call.params.push_back(param_bool("per_column", c.node.has_input(3) && element_count(c.in_shape(3)) != 1));
  c.add(std::move(call));
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_MatMulInteger){"", "MatMulInteger", infer, lower};

}  // namespace o2m
