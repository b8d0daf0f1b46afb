#include "ops/integer_product.hpp"

#include "ops/quantization.hpp"

namespace o2m {
namespace {

/// Weights [n][k] with their zero points taken off; the a_zero_point may have any value of its type.
Call constant_product(LowerContext& c, const IntegerProductInputs& in, const MatrixProduct& p) {
  const QuantizedWeights w =
      gather_weights(*c.constant(in.b), read_zero_points(c, in.b_zero_point, p.n, "b_zero_point"), p.n, p.k,
                     [&](std::int64_t o, std::int64_t i) { return i * p.n + o; });
  Call call = c.call("matmul_integer", "matmul_integer.hpp");
  call.reads = {c.operand(in.a), zero_point_operand(c, in.a_zero_point, c.in(in.a).type)};
  call.params = {param("rows", p.m), param("in", p.k), param("out", p.n)};
  call.params.push_back(param_array(c.program, "weights", weight_array(c, w)));
  call.params.push_back(
      param_array(c.program, "weight_sums", c.array("weight_sums", DType::int32, weight_sums(w))));
  call.macs = p.m * p.k * p.n;
  call.weight_bytes = static_cast<std::int64_t>(w.values.size()) * size_of(w.type);
  return call;
}

Call product_of_activations(LowerContext& c, const IntegerProductInputs& in, const MatrixProduct& p) {
  if (p.k * 255 * 255 > INT32_MAX) refuse("the sum of {} products may leave int32", p.k);
  Call call = c.call("matmul", "matmul_integer.hpp");
  add_matrix_product(call, p);
  call.reads = {c.operand(in.a), c.operand(in.b), zero_point_operand(c, in.a_zero_point, c.in(in.a).type),
                zero_point_operand(c, in.b_zero_point, c.in(in.b).type)};
  call.params.push_back(param_bool(
      "per_column", c.node.has_input(in.b_zero_point) && element_count(c.in_shape(in.b_zero_point)) != 1));
  return call;
}

void check_zero_point(const InferContext& c, std::size_t i, std::size_t of, std::int64_t columns) {
  if (!c.has(i)) return;
  if (c.type(i) != c.type(of))
    refuse("input {} is {}, expected {} as input {}", i, to_string(c.type(i)), to_string(c.type(of)), of);
  const std::int64_t count = element_count(c.shape(i));
  if (count != 1 && (count != columns || c.shape(of).size() != 2))
    refuse("input {} has shape {}, expected one element{}", i, to_string(c.shape(i)),
           columns == 1 ? "" : fmt::format(" or {}", columns));
}

}  // namespace

MatrixProduct infer_integer_product(const InferContext& c, const IntegerProductInputs& in) {
  for (const std::size_t i : {in.a, in.b})
    if (!is_8bit(c.type(i)))
      refuse("input {} is {}, only int8 and uint8 are supported", i, to_string(c.type(i)));
  MatrixProduct p = matrix_product(c.shape(in.a), c.shape(in.b));
  check_zero_point(c, in.a_zero_point, in.a, 1);
  check_zero_point(c, in.b_zero_point, in.b, p.n);
  return p;
}

void lower_integer_product(LowerContext& c, const IntegerProductInputs& in, const std::string& name,
                           BufferId y) {
  const MatrixProduct p = matrix_product(c.in_shape(in.a), c.in_shape(in.b));
  const bool constant_b =
      c.constant(in.b) && (c.constant(in.b_zero_point) || !c.node.has_input(in.b_zero_point));
  Call call = constant_b && p.batch.empty() ? constant_product(c, in, p) : product_of_activations(c, in, p);
  call.writes = {y};
  if (call.name != name) call.tensors.clear();  // the node's own output comes later
  call.name = name;
  c.add(std::move(call));
}

}  // namespace o2m
