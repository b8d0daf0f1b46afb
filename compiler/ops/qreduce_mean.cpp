// onnx2mcu QReduceMean, made by the pass `fuse`: QuantizeLinear(ReduceMean(DequantizeLinear(x))) over all
// spatial dimensions of one image, in ONNX Runtime's float arithmetic but without a float tensor. Inputs: x,
// x_scale, x_zero_point, y_scale, y_zero_point. Attributes: keepdims; channels_last, set by the layout pass
// (the output has one cell: it stays).

#include "ops/table.hpp"
#include "ops/window.hpp"

namespace o2m {
namespace {

constexpr std::size_t y_scale = 3, y_zero_point = 4;

void infer(InferContext& c) {
  if (!is_8bit(c.type(0))) refuse("x is {}, only int8 and uint8 are supported", to_string(c.type(0)));
  Shape shape{1, channels_of(c.shape(0), channels_last(c.node))};
  if (c.node.attr("keepdims", 1) != 0) shape.resize(c.shape(0).size(), 1);
  c.set(0, c.required_constant(y_zero_point, "y_zero_point").type, shape);
}

void lower(LowerContext& c) {
  const std::int64_t channels = channels_of(c.in_shape(0), channels_last(c.node)),
                     count = element_count(c.in_shape(0)) / channels;
  const Quantization x = read_quantization(c, 1, "x_scale", "x_zero_point");
  const Quantization y = read_quantization(c, y_scale, "y_scale", "y_zero_point");
  const DType type = c.out(0).type;
  Call call = c.call("qreduce_mean", "qreduce_mean.hpp");
  call.reads = {c.operand(0)};
  call.writes = {c.output(0)};
  call.scratch = {c.scratch("values", DType::float32, count)};
  call.params = {param("channels", channels),
                 param("count", count),
                 param("cell_step", channels_last(c.node) ? channels : 1),
                 param("channel_step", channels_last(c.node) ? 1 : count),
                 param_float("x_scale", x.scale),
                 param("x_zero_point", x.zero_point),
                 param_float("y_scale", y.scale),
                 param("y_zero_point", y.zero_point),
                 param("y_min", min_of(type)),
                 param("y_max", max_of(type))};
  call.algorithm = "float, one channel at a time";
  c.add(std::move(call));
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_own_QReduceMean){"onnx2mcu", "QReduceMean", infer, lower};

}  // namespace o2m
