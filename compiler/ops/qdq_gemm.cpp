// onnx2mcu.QDQGemm: a float Gemm (alpha = beta = 1) or MatMul between DequantizeLinear and QuantizeLinear
// that ONNX Runtime does not fuse. Inputs: a, a_scale, a_zero_point, b, b_scale, b_zero_point, y_scale,
// y_zero_point, [c, c_scale]; b is a constant matrix; c is int32 with its c_scale, or float32 without.
// Attributes transB, relu, a_channels (layout/absorb.hpp).

#include "ops/fully_connected.hpp"
#include "ops/guarded.hpp"

namespace o2m {
namespace {

struct Dims {
  std::int64_t rows, k, n;
  bool transposed;
};

Dims dims_of(const Node& node, const Shape& a, const Shape& b) {
  if (a.size() < 2 || b.size() != 2) refuse("a {} and b {} must be matrices", to_string(a), to_string(b));
  const bool transposed = node.attr("transB", 0) != 0;
  const Dims d{element_count(a) / std::max<std::int64_t>(a.back(), 1), a.back(), b[transposed ? 0 : 1],
               transposed};
  if (b[transposed ? 1 : 0] != d.k) refuse("a {} and b {} do not match", to_string(a), to_string(b));
  return d;
}

void infer(InferContext& c) {
  if (!is_8bit(c.type(0))) refuse("a is {}, only int8 and uint8 are supported", to_string(c.type(0)));
  Shape out = c.shape(0);
  out.back() = dims_of(c.node, c.shape(0), c.shape(3)).n;
  c.set(0, c.type(7), out);
}

void lower(LowerContext& c) {
  const Tensor& b = c.required_constant(3, "b");
  const Dims d = dims_of(c.node, c.in_shape(0), b.shape);
  const std::int32_t a_zero_point = read_zero_point(c, 2, "a_zero_point");
  const QuantizedWeights weights = gather_weights(
      b, read_zero_points(c, 5, d.n, "b_zero_point"), d.n, d.k,
      [&](std::int64_t o, std::int64_t i) { return d.transposed ? o * d.k + i : i * d.n + o; });
  const Accumulators acc = accumulators_of(weights, {}, c.in(0).type, a_zero_point);
  const FloatOrder order = matmul_order(d.rows, d.k, d.n, /*packed=*/false, /*scaled=*/false,
                                        /*transposed_a=*/false, d.transposed);
  const GuardedProduct p{weights,
                         c.node.attr("a_channels", 1),
                         acc.ranges,
                         c.in(0).type,
                         read_scale(c.required_constant(1, "a_scale"), "a_scale"),
                         a_zero_point,
                         read_scales(c.required_constant(4, "b_scale"), d.n, "b_scale"),
                         real_bias(c.constant(8), c.constant(9), d.n),
                         read_scale(c.required_constant(6, "y_scale"), "y_scale"),
                         read_zero_point(c, 7, "y_zero_point"),
                         c.out(0).type,
                         c.node.attr("relu", 0) != 0,
                         order};
  const bool packs = c.blocked();
  Call call = packs ? c.call("packed_guarded_fully_connected", "packed_guarded.hpp")
                    : c.call("guarded_fully_connected", "guarded.hpp");
  call.reads = {c.operand(0)};
  call.writes = {c.output(0)};
  call.params = {param("rows", d.rows),
                 param("in", d.k),
                 param("out", d.n),
                 param("x_zero_point", a_zero_point),
                 param("a_channels", c.node.attr("a_channels", 1)),
                 param_bool("has_bias", c.node.has_input(8))};
  if (packs) {
    add_packed_product(c, call, weights, acc);
  } else {
    call.params.push_back(param_array(c.program, "weights", weight_array(c, weights)));
    call.params.push_back(param_array(c.program, "bias", c.array("bias", DType::int32, acc.bias)));
    call.weight_bytes = static_cast<std::int64_t>(weights.values.size()) * size_of(weights.type);
  }
  add_guarded_requantization(c, call, p);
  call.macs = d.rows * d.k * d.n;
  c.add(std::move(call));
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_own_QDQGemm){"onnx2mcu", "QDQGemm", infer, lower};

}  // namespace o2m
