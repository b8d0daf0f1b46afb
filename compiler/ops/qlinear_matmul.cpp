// QLinearMatMul 10-21: a, a_scale, a_zero_point, b, b_scale, b_zero_point, y_scale, y_zero_point. b constant.

#include "ops/fully_connected.hpp"

namespace o2m {
namespace {

struct Dims {
  std::int64_t rows, k, n;
  Shape out;
};

Dims dims_of(const Shape& a, const Shape& b) {
  if (a.empty() || b.size() != 2) refuse("a {} and b {}: b must be a matrix", to_string(a), to_string(b));
  if (a.back() != b[0]) refuse("a {} and b {} do not match", to_string(a), to_string(b));
  Dims d{element_count(a) / a.back(), b[0], b[1], a};
  d.out.back() = b[1];
  return d;
}

void infer(InferContext& c) {
  if (!is_8bit(c.type(0))) refuse("a is {}, only int8 and uint8 are supported", to_string(c.type(0)));
  c.set(0, c.type(7), dims_of(c.shape(0), c.shape(3)).out);
}

void lower(LowerContext& c) {
  const Tensor& b = c.required_constant(3, "b");
  const Dims d = dims_of(c.in_shape(0), b.shape);
  const float a_scale = read_scale(c.required_constant(1, "a_scale"), "a_scale");
  const float y_scale = read_scale(c.required_constant(6, "y_scale"), "y_scale");
  FullyConnected f{d.rows, d.k, d.n, {}, {}, read_scales(c.required_constant(4, "b_scale"), d.n, "b_scale"),
                   read_zero_point(c.constant(2), "a_zero_point"), read_zero_point(c.constant(7), "y_zero_point")};
  for (float& s : f.scales) s = a_scale * s / y_scale;
  f.weights = gather_weights(b, read_zero_points(c.constant(5), d.n, "b_zero_point"), d.n, d.k,
                             [&](std::int64_t o, std::int64_t i) { return i * d.n + o; });
  lower_fully_connected(c, f);
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_QLinearMatMul){"", "QLinearMatMul", infer, lower};

}  // namespace o2m
