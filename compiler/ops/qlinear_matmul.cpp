// QLinearMatMul 10-21: a, a_scale, a_zero_point, b, b_scale, b_zero_point, y_scale, y_zero_point. b's scale
// and zero point are one element or one per column. Scale of the accumulator: a_scale * b_scale / y_scale.

#include "ops/fully_connected.hpp"
#include "ops/matrix_product.hpp"
#include "requantize/two_input.hpp"

namespace o2m {
namespace {

void infer(InferContext& c) {
  for (const std::size_t i : {0, 3})
    if (!is_8bit(c.type(i)))
      refuse("input {} is {}, only int8 and uint8 are supported", i, to_string(c.type(i)));
  c.set(0, c.type(7), matrix_product(c.shape(0), c.shape(3)).out);
}

std::vector<float> accumulator_scales(const LowerContext& c, const MatrixProduct& p) {
  const float a_scale = read_scale(c.required_constant(1, "a_scale"), "a_scale");
  const float y_scale = read_scale(c.required_constant(6, "y_scale"), "y_scale");
  auto scales = read_scales(c.required_constant(4, "b_scale"), p.n, "b_scale");
  for (float& s : scales) s = a_scale * s / y_scale;
  return scales;
}

InputRange range_of(DType type) {
  return {static_cast<std::int32_t>(min_of(type)), static_cast<std::int32_t>(max_of(type))};
}

/// Of one accumulator, or one per column: k products of any values of the two types.
std::vector<AccumulatorRange> accumulator_ranges(const LowerContext& c, const MatrixProduct& p,
                                                 std::int32_t a_zero_point,
                                                 const std::vector<std::int32_t>& b_zero_points,
                                                 std::size_t columns) {
  std::vector<AccumulatorRange> ranges;
  for (std::size_t i = 0; i < columns; ++i) {
    const std::int32_t zero_point = b_zero_points[b_zero_points.size() == 1 ? 0 : i];
    AccumulatorRange r =
        product_range(range_of(c.in(0).type), a_zero_point, range_of(c.in(3).type), zero_point);
    r = {r.lo * p.k, r.hi * p.k};
    if (r.lo < INT32_MIN || r.hi > INT32_MAX) refuse("the sum of {} products may leave int32", p.k);
    ranges.push_back(r);
  }
  return ranges;
}

/// Two activations, or a stack of constant matrices.
void lower_activations(LowerContext& c, const MatrixProduct& p, std::int32_t a_zero_point,
                       std::int32_t y_zero_point) {
  const auto b_zero_points = read_zero_points(c, 5, p.n, "b_zero_point");
  const auto scales = accumulator_scales(c, p);
  Call call = c.call("matmul", "matmul_integer.hpp");
  add_matrix_product(call, p);
  call.reads = {c.operand(0), c.operand(3), zero_point_operand(c, 2, c.in(0).type),
                zero_point_operand(c, 5, c.in(3).type)};
  call.writes = {c.output(0)};
  call.params.push_back(param_bool("per_column", b_zero_points.size() != 1));
  const auto ranges =
      accumulator_ranges(c, p, a_zero_point, b_zero_points, std::max(scales.size(), b_zero_points.size()));
  add_requantization(c, call, scales, y_zero_point, c.out(0).type, ranges);
  c.add(std::move(call));
}

void lower(LowerContext& c) {
  const MatrixProduct p = matrix_product(c.in_shape(0), c.in_shape(3));
  for (const std::size_t i : {2, 5, 7})
    if (c.node.has_input(i)) c.required_constant(i, "zero point");
  const std::int32_t a_zero_point = read_zero_point(c, 2, "a_zero_point"),
                     y_zero_point = read_zero_point(c, 7, "y_zero_point");
  const Tensor* b = c.constant(3);
  if (!b || !p.batch.empty()) return lower_activations(c, p, a_zero_point, y_zero_point);
  FullyConnected f{p.m, p.k, p.n, {}, {}, accumulator_scales(c, p), a_zero_point, y_zero_point};
  f.weights = gather_weights(*b, read_zero_points(c, 5, p.n, "b_zero_point"), p.n, p.k,
                             [&](std::int64_t o, std::int64_t i) { return i * p.n + o; });
  lower_fully_connected(c, f, c.operand(0));
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_QLinearMatMul){"", "QLinearMatMul", infer, lower};

}  // namespace o2m
