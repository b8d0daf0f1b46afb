// ConvInteger 10: x, w, [x_zero_point], [w_zero_point] to int32. w and its zero point (one or one per output
// channel) are constant, x_zero_point may be computed at run time (by DynamicQuantizeLinear).

#include "ops/pool.hpp"
#include "ops/quantization.hpp"

namespace o2m {
namespace {

struct Dims {
  PoolImage image;
  std::int64_t out_c, groups, depth;
  std::vector<std::int64_t> kernel;
};

Dims dims_of(const Node& node, const Shape& x, const Shape& w) {
  if (w.size() != x.size()) refuse("w has shape {}, expected {} dimensions as x", to_string(w), x.size());
  Dims d{pool_image(node, x), w[0], node.attr("group", 1), w[1], {w.begin() + 2, w.end()}};
  if (d.groups < 1 || d.out_c < 1 || d.out_c % d.groups != 0 || d.groups * d.depth != d.image.channels)
    refuse("group {} does not divide {} input channels and {} output channels as w {} needs", d.groups,
           d.image.channels, d.out_c, to_string(w));
  if (const auto kernel = node.attr_ints("kernel_shape"); kernel && *kernel != d.kernel)
    refuse("kernel_shape {} contradicts w {}", to_string(*kernel), to_string(w));
  return d;
}

void infer(InferContext& c) {
  for (const std::size_t i : {0, 1})
    if (!is_8bit(c.type(i)))
      refuse("input {} is {}, only int8 and uint8 are supported", i, to_string(c.type(i)));
  for (const std::size_t i : {2, 3})
    if (c.has(i) && c.type(i) != c.type(i - 2))
      refuse("input {} is {}, expected {}", i, to_string(c.type(i)), to_string(c.type(i - 2)));
  if (c.has(2) && element_count(c.shape(2)) != 1)
    refuse("x_zero_point has shape {}, expected one element", to_string(c.shape(2)));
  const Dims d = dims_of(c.node, c.shape(0), c.shape(1));
  c.set(
      0, DType::int32,
      image_shape(1, d.out_c, resolve_window(c.node, d.image.spatial, d.kernel).out, channels_last(c.node)));
}

void lower(LowerContext& c) {
  const Tensor& w = c.required_constant(1, "w");
  if (c.node.has_input(3)) c.required_constant(3, "w_zero_point");
  const Dims d = dims_of(c.node, c.in_shape(0), w.shape);
  const Window2d window = lowered_window(c.node, d.image, resolve_window(c.node, d.image.spatial, d.kernel));
  const std::int64_t area = window.k_h * window.k_w;
  const QuantizedWeights weights = gather_weights(w, read_zero_points(c, 3, d.out_c, "w_zero_point"), d.out_c,
                                                  area * d.depth, [&](std::int64_t o, std::int64_t t) {
                                                    return (o * d.depth + t % d.depth) * area + t / d.depth;
                                                  });  // OIHW -> OHWI
  Call call = c.call("conv_integer", "conv_integer.hpp");
  call.reads = {c.operand(0), zero_point_operand(c, 2, c.in(0).type)};
  call.writes = {c.output(0)};
  add_window(call, window);
  call.params.push_back(param("in_c", d.image.channels));
  call.params.push_back(param("out_c", d.out_c));
  call.params.push_back(param("groups", d.groups));
  call.params.push_back(param_array(c.program, "weights", weight_array(c, weights)));
  call.params.push_back(
      param_array(c.program, "weight_sums", c.array("weight_sums", DType::int32, weight_sums(weights))));
  call.macs = window.out_h * window.out_w * d.out_c * area * d.depth;
  call.weight_bytes = static_cast<std::int64_t>(weights.values.size()) * size_of(weights.type);
  c.add(std::move(call));
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_ConvInteger){"", "ConvInteger", infer, lower};

}  // namespace o2m
