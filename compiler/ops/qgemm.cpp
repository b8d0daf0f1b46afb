// com.microsoft QGemm 1 (what QDQ Gemm becomes): A, a_scale, a_zero_point, B, b_scale, b_zero_point, [C int32],
// [y_scale, y_zero_point]. Scale of the accumulator: (alpha * a_scale) * b_scale / y_scale (quant_gemm.cc).

#include "ops/fully_connected.hpp"

namespace o2m {
namespace {

struct Dims {
  std::int64_t m, k, n;
};

Dims dims_of(const Node& node, const Shape& a, const Shape& b) {
  if (a.size() != 2 || b.size() != 2) refuse("A {} and B {} must be matrices", to_string(a), to_string(b));
  if (node.attr("transA", 0) != 0) refuse("transA is not supported");
  const bool transposed = node.attr("transB", 0) != 0;
  const Dims d{a[0], a[1], transposed ? b[0] : b[1]};
  if ((transposed ? b[1] : b[0]) != d.k) refuse("A {} and B {} do not match", to_string(a), to_string(b));
  return d;
}

void infer(InferContext& c) {
  if (!is_8bit(c.type(0))) refuse("A is {}, only int8 and uint8 are supported", to_string(c.type(0)));
  const Dims d = dims_of(c.node, c.shape(0), c.shape(3));
  c.set(0, c.has(8) ? c.type(8) : c.has(7) ? DType::uint8 : DType::float32, {d.m, d.n});
}

void lower(LowerContext& c) {
  const Tensor& b = c.required_constant(3, "B");
  const Dims d = dims_of(c.node, c.in_shape(0), b.shape);
  if (!c.node.has_input(7)) refuse("a float output (no y_scale) is not supported");
  const float a_scale = read_scale(c.required_constant(1, "a_scale"), "a_scale");
  const float y_scale = read_scale(c.required_constant(7, "y_scale"), "y_scale");
  const float alpha = c.node.attr_float("alpha", 1.0F);
  FullyConnected f{d.m, d.k, d.n, {}, {}, read_scales(c.required_constant(4, "b_scale"), d.n, "b_scale"),
                   read_zero_point(c.constant(2), "a_zero_point"), read_zero_point(c.constant(8), "y_zero_point")};
  for (float& s : f.scales) s = alpha * a_scale * s / y_scale;
  const bool transposed = c.node.attr("transB", 0) != 0;
  f.weights = gather_weights(b, read_zero_points(c.constant(5), d.n, "b_zero_point"), d.n, d.k,
                             [&](std::int64_t o, std::int64_t i) { return transposed ? o * d.k + i : i * d.n + o; });
  if (c.node.has_input(6)) {
    const Tensor& bias = c.required_constant(6, "C");
    if (bias.type != DType::int32 || (bias.count() != d.n && bias.count() != 1))
      refuse("C is {}{}, expected int32 with {} elements", to_string(bias.type), to_string(bias.shape), d.n);
    for (std::int64_t o = 0; o < d.n; ++o) f.bias.push_back(static_cast<std::int32_t>(bias.integer(bias.count() == 1 ? 0 : o)));
  }
  lower_fully_connected(c, f);
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_ms_QGemm){"com.microsoft", "QGemm", infer, lower};

}  // namespace o2m
