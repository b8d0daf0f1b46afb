// com.microsoft QGemm 1 (what QDQ Gemm becomes): A, a_scale, a_zero_point, B, b_scale, b_zero_point, [C
// int32], [y_scale, y_zero_point]. Scale of the accumulator: (alpha * a_scale) * b_scale / y_scale
// (quant_gemm.cc); without y_scale the output is float.

#include <cmath>

#include "ops/eval_elementwise.hpp"
#include "ops/fully_connected.hpp"
#include "program/names.hpp"

namespace o2m {
namespace {

struct Dims {
  std::int64_t m, k, n;
};

Dims dims_of(const Node& node, const Shape& a, const Shape& b) {
  if (a.size() != 2 || b.size() != 2) refuse("A {} and B {} must be matrices", to_string(a), to_string(b));
  const bool a_transposed = node.attr("transA", 0) != 0, b_transposed = node.attr("transB", 0) != 0;
  const Dims d{a[a_transposed ? 1 : 0], a[a_transposed ? 0 : 1], b[b_transposed ? 0 : 1]};
  if (b[b_transposed ? 1 : 0] != d.k) refuse("A {} and B {} do not match", to_string(a), to_string(b));
  return d;
}

void infer(InferContext& c) {
  if (!is_8bit(c.type(0))) refuse("A is {}, only int8 and uint8 are supported", to_string(c.type(0)));
  if (c.has(7) && !c.has(8)) refuse("y_scale without y_zero_point is not supported");
  const Dims d = dims_of(c.node, c.shape(0), c.shape(3));
  c.set(0, c.has(8) ? c.type(8) : DType::float32, {d.m, d.n});
}

std::vector<float> accumulator_scales(const LowerContext& c, std::int64_t n) {
  auto scales = read_scales(c.required_constant(4, "b_scale"), n, "b_scale");
  const float a_scale = read_scale(c.required_constant(1, "a_scale"), "a_scale");
  const float alpha = c.node.attr_float("alpha", 1.0F);
  if (!std::isfinite(alpha)) refuse("alpha is {}, it must be finite", alpha);
  for (float& s : scales) s = alpha * a_scale * s;
  if (!c.node.has_input(7)) return scales;
  const float y_scale = read_scale(c.required_constant(7, "y_scale"), "y_scale");
  for (float& s : scales) s /= y_scale;
  return scales;
}

/// One per column; a C that varies with the row is refused.
std::vector<std::int32_t> read_bias(const LowerContext& c, const Dims& d) {
  if (!c.node.has_input(6)) return {};
  const Tensor& bias = c.required_constant(6, "C");
  const bool fits = bias.type == DType::int32 && bias.shape.size() <= 2 &&
                    broadcast(bias.shape, {d.m, d.n}) == Shape{d.m, d.n};
  const auto strides = fits ? broadcast_strides(bias.shape, {d.m, d.n}) : Shape{1, 1};
  if (!fits || (strides[0] != 0 && d.m != 1))
    refuse("C is {}{}, expected int32 that broadcasts to one row of {}", to_string(bias.type),
           to_string(bias.shape), d.n);
  std::vector<std::int32_t> out;
  for (std::int64_t o = 0; o < d.n; ++o)
    out.push_back(static_cast<std::int32_t>(bias.integer(o * strides[1])));
  return out;
}

/// A with its rows in sequence.
Operand rows_of_a(LowerContext& c, const Dims& d) {
  if (c.node.attr("transA", 0) == 0 || d.m == 1 || d.k == 1) return c.operand(0);
  const BufferId rows = c.scratch("A transposed", c.in(0).type, d.m * d.k);
  Call call = c.call("strided_copy", "strided_copy.hpp");
  call.name = unique_layer_name(c.program, call.name + "_transpose", "transpose");
  call.reads = {c.operand(0)};
  call.writes = {rows};
  call.tensors.clear();
  call.params = {param("loops", 2), param("first", 0), param_ints("size", {d.m, d.k}),
                 param_ints("step", {1, d.m})};
  c.add(std::move(call));
  return rows;
}

void lower(LowerContext& c) {
  const Tensor& b = c.required_constant(3, "B");
  const Dims d = dims_of(c.node, c.in_shape(0), b.shape);
  FullyConnected f{d.m,
                   d.k,
                   d.n,
                   {},
                   read_bias(c, d),
                   accumulator_scales(c, d.n),
                   read_zero_point(c, 2, "a_zero_point"),
                   read_zero_point(c, 8, "y_zero_point")};
  const bool transposed = c.node.attr("transB", 0) != 0;
  f.weights =
      gather_weights(b, read_zero_points(c, 5, d.n, "b_zero_point"), d.n, d.k,
                     [&](std::int64_t o, std::int64_t i) { return transposed ? o * d.k + i : i * d.n + o; });
  const Operand x = rows_of_a(c, d);
  lower_fully_connected(c, f, x);
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_ms_QGemm){"com.microsoft", "QGemm", infer, lower};

}  // namespace o2m
