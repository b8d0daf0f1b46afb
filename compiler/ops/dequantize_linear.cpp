// DequantizeLinear 10-25, per tensor or per axis: y = float(x - x_zero_point) * x_scale.

#include "onnx2mcu/float_qlinear.hpp"
#include "ops/eval_elementwise.hpp"
#include "ops/quantization.hpp"

namespace o2m {
namespace {

/// Elements behind one channel of the quantization axis, and the number of channels (1 when per tensor).
struct Axis {
  std::int64_t channels, inner;
};

Axis axis_of(const Node& node, const Shape& shape, const Tensor& scale) {
  if (scale.count() == 1) return {1, element_count(shape)};
  const std::size_t axis = normalize_axis(node.attr("axis", 1), shape.size());
  return {shape[axis], element_count({shape.begin() + static_cast<std::ptrdiff_t>(axis) + 1, shape.end()})};
}

void infer(InferContext& c) {
  if (!is_integer(c.type(0)) || (size_of(c.type(0)) > 2 && c.type(0) != DType::int32))
    refuse("x is {}, expected an integer type of 4, 8 or 16 bits, or int32", to_string(c.type(0)));
  if (c.type(1) != DType::float32) refuse("x_scale is {}, only float32 is supported", to_string(c.type(1)));
  if (c.node.attr("block_size", 0) != 0) refuse("blocked quantization is not supported");
  check_parameter_shapes(c);
  c.set(0, DType::float32, c.shape(0));
}

void lower(LowerContext& c) {
  const Tensor& scale = c.required_constant(1, "x_scale");
  const Axis axis = axis_of(c.node, c.in_shape(0), scale);
  Call call = c.call("dequantize_linear", "quantize_linear.hpp");
  call.reads = {c.operand(0)};
  call.writes = {c.output(0)};
  call.params = {param("size", element_count(c.in_shape(0))), param("channels", axis.channels),
                 param("inner", axis.inner)};
  call.params.push_back(param_array(
      c.program, "scale", c.array("scale", DType::float32, read_scales(scale, axis.channels, "x_scale"))));
  call.params.push_back(param_array(
      c.program, "zero_point",
      c.array("zero_point", DType::int32, read_zero_points(c, 2, axis.channels, "x_zero_point"))));
  c.add(std::move(call));
}

std::vector<Tensor> eval(const Graph&, const Node& node, EvalInputs in) {
  const Axis axis = axis_of(node, in[0]->shape, *in[1]);
  const auto scales = read_scales(*in[1], axis.channels, "x_scale");
  const auto zero_points = read_zero_points(in.size() > 2 ? in[2] : nullptr, axis.channels, "x_zero_point");
  Tensor y = make_tensor(DType::float32, in[0]->shape);
  visit_type(in[0]->type, [&](auto zero) {
    const auto q = in[0]->as<decltype(zero)>();
    const auto run = static_cast<std::size_t>(axis.inner);
    for (std::size_t i = 0; i < q.size(); i += run) {
      const std::size_t c = i / run % static_cast<std::size_t>(axis.channels);
      const float scale = scales[scales.size() == 1 ? 0 : c];
      const std::int32_t zero_point = zero_points[zero_points.size() == 1 ? 0 : c];
      float* v = y.as<float>().data() + i;
      for (std::size_t j = 0; j < run; ++j)
        v[j] = onnx2mcu::dequantize_element(static_cast<std::int32_t>(q[i + j]), scale, zero_point);
    }
  });
  return {std::move(y)};
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_DequantizeLinear){"", "DequantizeLinear", infer, lower, eval};
ONNX2MCU_DEFINE_OP(op_ms_DequantizeLinear){"com.microsoft", "DequantizeLinear", infer, lower, eval};

}  // namespace o2m
