// onnx2mcu.QDQConv: a float Conv between DequantizeLinear and QuantizeLinear that ONNX Runtime does not fuse
// (int8 activations on x86). Inputs: x, x_scale, x_zero_point, w, w_scale, w_zero_point, y_scale,
// y_zero_point, [b, b_scale]; b is int32 with its b_scale, or float32 without. Attribute relu: a Relu stands
// before the QuantizeLinear.

#include "ops/guarded.hpp"
#include "ops/quantized_conv.hpp"

namespace o2m {
namespace {

void lower(LowerContext& c) {
  const QuantizedConv conv = read_quantized_conv(c);
  const Window2d& w = conv.window;
  const Accumulators acc = accumulators_of(conv.weights, {}, c.in(0).type, conv.x_zero_point);
  const bool no_pads = w.pad_top == 0 && w.pad_left == 0 && w.pad_bottom == 0 && w.pad_right == 0;
  const ConvGeometry geometry{conv.in_c,
                              conv.out_c,
                              conv.groups,
                              w.k_h,
                              w.k_w,
                              w.in_h,
                              w.in_w,
                              w.out_h,
                              w.out_w,
                              conv.spatial.size() == 2,
                              /*constant_weights=*/false,
                              no_pads,
                              w.stride_h == 1 && w.stride_w == 1,
                              w.dil_h == 1 && w.dil_w == 1};
  GuardedProduct p{conv.weights,
                   conv.depth,
                   acc.ranges,
                   c.in(0).type,
                   read_scale(c.required_constant(1, "x_scale"), "x_scale"),
                   conv.x_zero_point,
                   read_scales(c.required_constant(4, "w_scale"), conv.out_c, "w_scale"),
                   real_bias(c.constant(8), c.constant(9), conv.out_c),
                   read_scale(c.required_constant(6, "y_scale"), "y_scale"),
                   read_zero_point(c, 7, "y_zero_point"),
                   c.out(0).type,
                   c.node.attr("relu", 0) != 0,
                   conv_order(geometry)};
  Call call = packs(c, conv) ? packed_guarded_conv_call(c, conv, acc)
                             : quantized_conv_call(c, conv, acc, "guarded_conv2d", "guarded.hpp");
  call.params.push_back(param_bool("depthwise", conv.depthwise()));
  add_guarded_requantization(c, call, p);
  c.add(std::move(call));
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_own_QDQConv){"onnx2mcu", "QDQConv", infer_quantized_conv, lower};

}  // namespace o2m
