// QLinearConv 10 (also what QDQ Conv becomes): int8/uint8, per-tensor or per-channel weights, groups,
// dilations, pads. Inputs: x, x_scale, x_zero_point, w, w_scale, w_zero_point, y_scale, y_zero_point, [b
// int32].

#include "kernels/requantize_sum.hpp"
#include "ops/quantized_conv.hpp"

namespace o2m {
namespace {

void lower(LowerContext& c) {
  const QuantizedConv conv = read_quantized_conv(c);
  const float x_scale = read_scale(c.required_constant(1, "x_scale"), "x_scale");
  const float y_scale = read_scale(c.required_constant(6, "y_scale"), "y_scale");
  std::vector<float> scales = read_scales(c.required_constant(4, "w_scale"), conv.out_c, "w_scale");
  for (float& s : scales) s = x_scale * s / y_scale;  // float32, left to right, as ONNX Runtime
  std::vector<std::int32_t> bias;
  if (c.node.has_input(8)) {
    const Tensor& b = c.required_constant(8, "b");
    if (b.type != DType::int32 || b.count() != conv.out_c)
      refuse("b is {}{}, expected int32[{}]", to_string(b.type), to_string(b.shape), conv.out_c);
    bias.assign(b.as<std::int32_t>().begin(), b.as<std::int32_t>().end());
  }
  Accumulators acc = accumulators_of(conv.weights, bias, c.in(0).type, conv.x_zero_point);
  Call call = integer_conv_call(c, conv, acc);
  const std::int32_t y_zero_point = read_zero_point(c, 7, "y_zero_point");
  if (call.kernel == "packed_depthwise_conv2d" || call.kernel == "blocked_depthwise_conv2d" ||
      call.kernel == "blocked_conv2d")
    add_sum_requantization(c, call, scales, y_zero_point, c.out(0).type, acc);
  else
    add_requantization(c, call, scales, y_zero_point, c.out(0).type, acc.ranges);
  c.add(std::move(call));
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_QLinearConv){"", "QLinearConv", infer_quantized_conv, lower};

}  // namespace o2m
