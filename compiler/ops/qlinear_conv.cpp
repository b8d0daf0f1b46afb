// QLinearConv 10 (also what QDQ Conv becomes): int8/uint8, per-tensor or per-channel weights, groups, dilations, pads.
// Inputs: x, x_scale, x_zero_point, w, w_scale, w_zero_point, y_scale, y_zero_point, [b int32].

#include "ops/quantization.hpp"
#include "ops/window.hpp"

namespace o2m {
namespace {

struct Dims {
  std::int64_t in_c, out_c, groups, depth;
  std::vector<std::int64_t> spatial, kernel;
};

Dims dims_of(const Node& node, const Shape& x, const Shape& w) {
  if (w.size() != x.size()) refuse("w has shape {}, expected {} dimensions as x", to_string(w), x.size());
  Dims d{channels_of(x, channels_last(node)), w[0], node.attr("group", 1), w[1], spatial_dims(x, channels_last(node)), {w.begin() + 2, w.end()}};
  if (x[0] != 1) refuse("batch {} is not supported, only 1", x[0]);
  if (d.groups < 1 || d.out_c < 1 || d.out_c % d.groups != 0 || d.groups * d.depth != d.in_c)
    refuse("group {} does not divide {} input channels and {} output channels as w {} needs", d.groups, d.in_c, d.out_c, to_string(w));
  if (const auto kernel = node.attr_ints("kernel_shape"); kernel && *kernel != d.kernel)
    refuse("kernel_shape {} contradicts w {}", to_string(*kernel), to_string(w));
  return d;
}

void infer(InferContext& c) {
  if (!is_8bit(c.type(0))) refuse("x is {}, only int8 and uint8 are supported", to_string(c.type(0)));
  const Dims d = dims_of(c.node, c.shape(0), c.shape(3));
  const Window w = resolve_window(c.node, d.spatial, d.kernel);
  c.set(0, c.type(7), image_shape(1, d.out_c, w.out, channels_last(c.node)));
}

void add_window(Call& call, const Window2d& w) {
  for (const auto& [name, value] : {std::pair{"in_h", w.in_h}, {"in_w", w.in_w}, {"out_h", w.out_h}, {"out_w", w.out_w}, {"k_h", w.k_h},
                                    {"k_w", w.k_w}, {"stride_h", w.stride_h}, {"stride_w", w.stride_w}, {"dil_h", w.dil_h},
                                    {"dil_w", w.dil_w}, {"pad_top", w.pad_top}, {"pad_left", w.pad_left}})
    call.params.push_back(param(name, value));
}

void lower(LowerContext& c) {
  const Tensor& w = c.required_constant(3, "w");
  const Dims d = dims_of(c.node, c.in_shape(0), w.shape);
  const Window2d window = to_2d(resolve_window(c.node, d.spatial, d.kernel), d.spatial);
  const float x_scale = read_scale(c.required_constant(1, "x_scale"), "x_scale");
  const float y_scale = read_scale(c.required_constant(6, "y_scale"), "y_scale");
  const std::int32_t x_zero_point = read_zero_point(c.constant(2), "x_zero_point");
  const std::int32_t y_zero_point = read_zero_point(c.constant(7), "y_zero_point");
  std::vector<float> scales = read_scales(c.required_constant(4, "w_scale"), d.out_c, "w_scale");
  for (float& s : scales) s = x_scale * s / y_scale;  // float32, left to right, as ONNX Runtime
  std::vector<std::int32_t> bias;
  if (c.node.has_input(8)) {
    const Tensor& b = c.required_constant(8, "b");
    if (b.type != DType::int32 || b.count() != d.out_c) refuse("b is {}{}, expected int32[{}]", to_string(b.type), to_string(b.shape), d.out_c);
    bias.assign(b.as<std::int32_t>().begin(), b.as<std::int32_t>().end());
  }
  const std::int64_t area = window.k_h * window.k_w;
  const QuantizedWeights weights = gather_weights(w, read_zero_points(c.constant(5), d.out_c, "w_zero_point"), d.out_c, area * d.depth,
      [&](std::int64_t o, std::int64_t t) { return (o * d.depth + t % d.depth) * area + t / d.depth; });  // OIHW -> OHWI
  const Accumulators acc = accumulators_of(weights, bias, c.in(0).type, x_zero_point);

  const bool depthwise = d.depth == 1 && d.groups > 1;
  Call call = c.call(depthwise ? "depthwise_conv2d" : "conv2d", "conv2d.hpp");
  call.reads = {c.operand(0)};
  call.writes = {c.output(0)};
  add_window(call, window);
  call.params.push_back(param("in_c", d.in_c));
  call.params.push_back(param("out_c", d.out_c));
  if (!depthwise) call.params.push_back(param("groups", d.groups));
  call.params.push_back(param("x_zero_point", x_zero_point));
  QuantizedWeights ordered = weights;
  if (depthwise)
    for (std::int64_t o = 0; o < d.out_c; ++o)
      for (std::int64_t t = 0; t < area; ++t) ordered.values[static_cast<std::size_t>(t * d.out_c + o)] = weights.at(o, t);
  call.params.push_back(param_array(c.program, "weights", weight_array(c, ordered)));
  call.params.push_back(param_array(c.program, "bias", c.array("bias", DType::int32, acc.bias)));
  add_requantization(c, call, scales, y_zero_point, c.out(0).type, acc.ranges);
  call.macs = window.out_h * window.out_w * d.out_c * area * d.depth;
  call.weight_bytes = static_cast<std::int64_t>(weights.values.size()) * size_of(weights.type);
  c.add(std::move(call));
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_QLinearConv){"", "QLinearConv", infer, lower};

}  // namespace o2m
