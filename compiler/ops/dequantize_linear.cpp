// DequantizeLinear 10-25, per tensor, per axis or in blocks: y = float(x - x_zero_point) * x_scale.

#include "onnx2mcu/float_qlinear.hpp"
#include "ops/eval_elementwise.hpp"
#include "ops/quantization_axis.hpp"

namespace o2m {
namespace {

void infer(InferContext& c) {
  if (!is_integer(c.type(0)) || (size_of(c.type(0)) > 2 && c.type(0) != DType::int32))
    refuse("x is {}, expected an integer type of 4, 8 or 16 bits, or int32", to_string(c.type(0)));
  if (c.type(1) != DType::float32) refuse("x_scale is {}, only float32 is supported", to_string(c.type(1)));
  check_quantization(c);
  c.set(0, DType::float32, c.shape(0));
}

void lower(LowerContext& c) {
  const QuantizationAxis axis = quantization_axis(c.node, c.in_shape(0), c.in_shape(1));
  const bool computed = is_quantization_computed(c);
  Call call = c.call(computed         ? "dequantize_linear_computed"
                     : axis.block > 0 ? "dequantize_blocks"
                                      : "dequantize_linear",
                     "quantize_linear.hpp");
  call.reads = {c.operand(0)};
  call.writes = {c.output(0)};
  add_quantization_axis(call, axis, element_count(c.in_shape(0)));
  if (computed)
    add_computed_quantization(c, call, axis, c.in(0).type);
  else
    add_quantization_constants(c, call, axis, "x_scale", "x_zero_point");
  c.add(std::move(call));
}

std::vector<Tensor> eval(const Graph&, const Node& node, EvalInputs in) {
  const QuantizationAxis axis = quantization_axis(node, in[0]->shape, in[1]->shape);
  const std::int64_t count = axis.block > 0 ? axis.scales : axis.channels;
  const auto scales = read_scales(*in[1], count, "x_scale");
  const auto zero_points = read_zero_points(in.size() > 2 ? in[2] : nullptr, count, "x_zero_point");
  Tensor y = make_tensor(DType::float32, in[0]->shape);
  visit_type(in[0]->type, [&](auto zero) {
    const auto q = in[0]->as<decltype(zero)>();
    axis.for_each_run(in[0]->count(), [&](std::size_t first, std::size_t run, std::size_t s) {
      const float scale = scales[s];
      const std::int32_t zero_point = zero_points[zero_points.size() == 1 ? 0 : s];
      float* v = y.as<float>().data() + first;
      for (std::size_t j = 0; j < run; ++j)
        v[j] = onnx2mcu::dequantize_element(static_cast<std::int32_t>(q[first + j]), scale, zero_point);
    });
  });
  return {std::move(y)};
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_DequantizeLinear){"", "DequantizeLinear", infer, lower, eval};
ONNX2MCU_DEFINE_OP(op_ms_DequantizeLinear){"com.microsoft", "DequantizeLinear", infer, lower, eval};

}  // namespace o2m
