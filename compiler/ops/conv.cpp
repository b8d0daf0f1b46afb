// Conv 1-22 in float32: 1-D to 3-D, groups, depthwise, dilations, pads. Inputs: x, w, [b].

#include <cmath>

#include "ops/estimate.hpp"
#include "ops/float_order.hpp"
#include "ops/lower.hpp"
#include "ops/window.hpp"

namespace o2m {
namespace {

struct Dims {
  std::int64_t batch, in_c, out_c, groups, depth;
  std::vector<std::int64_t> spatial, kernel;
};

Dims dims_of(const Node& node, const Shape& x, const Shape& w) {
  if (w.size() != x.size()) refuse("w has shape {}, expected {} dimensions as x", to_string(w), x.size());
  const bool last = channels_last(node);
  Dims d{x[0],
         channels_of(x, last),
         w[0],
         node.attr("group", 1),
         w[1],
         spatial_dims(x, last),
         {w.begin() + 2, w.end()}};
  if (d.groups < 1 || d.out_c < 1 || d.out_c % d.groups != 0 || d.depth < 1 || d.groups * d.depth != d.in_c)
    refuse("group {} does not divide {} input channels and {} output channels as w {} needs", d.groups,
           d.in_c, d.out_c, to_string(w));
  if (const auto kernel = node.attr_ints("kernel_shape"); kernel && *kernel != d.kernel)
    refuse("kernel_shape {} contradicts w {}", to_string(*kernel), to_string(w));
  return d;
}

void infer(InferContext& c) {
  for (std::size_t i = 0; i < c.input_count(); ++i)
    if (c.has(i) && c.type(i) != DType::float32)
      refuse("input {} is {}, only float32 is supported", i, to_string(c.type(i)));
  const Dims d = dims_of(c.node, c.shape(0), c.shape(1));
  if (c.has(2) && c.shape(2) != Shape{d.out_c})
    refuse("b has shape {}, expected [{}]", to_string(c.shape(2)), d.out_c);
  const Window w = resolve_window(c.node, d.spatial, d.kernel);
  c.set(0, DType::float32, image_shape(d.batch, d.out_c, w.out, channels_last(c.node)));
}

/// Does ONNX Runtime see pads? With auto_pad SAME it also does where strides leave two cells or more at the
/// end unread.
bool has_pads(const Node& node, const Dims& d, const Window& w) {
  if (!has_no_pads(w)) return true;
  if (node.attr_string("auto_pad", "NOTSET").rfind("SAME", 0) != 0) return false;
  for (std::size_t i = 0; i < w.out.size(); ++i)
    if ((w.out[i] - 1) * w.strides[i] + w.kernel[i] < d.spatial[i] - 1) return true;
  return false;
}

/// Times the zeros of the pads an infinite weight is NaN: in those of ONNX Runtime's kernels that copy the
/// pads, not in those that pass over them.
void refuse_infinite_weights(const LowerContext& c, const Dims& d, const Window& w) {
  const Tensor* weights = c.constant(1);
  if (!weights || !has_pads(c.node, d, w)) return;
  for (const float v : weights->as<float>())
    if (!std::isfinite(v))
      refuse("w \"{}\" has an element {}: beside pads the result depends on ONNX Runtime's kernel",
             c.in(1).name, v);
}

FloatOrder order_of(const LowerContext& c, const Dims& d, const Window& window) {
  const Window2d w = to_planes(window, d.spatial);
  ConvGeometry g{d.in_c, d.out_c, d.groups, w.k_h, w.k_w, w.in_h, w.in_w, w.out_h, w.out_w};
  g.rank = d.spatial.size();
  g.constant_weights = is_constant_weight(c, 1);
  g.no_pads = !has_pads(c.node, d, window);
  g.unit_strides = all_ones(window.strides);
  g.unit_dilations = all_ones(window.dilations);
  return conv_order(g);
}

/// OIHW with the channels cut into blocks that become innermost: [out_c][depth / block_c][k_h][k_w][block_c].
std::vector<float> blocked_weights(const Tensor& w, std::int64_t depth, std::int64_t area,
                                   std::int64_t block_c) {
  std::vector<float> out;
  for (std::int64_t first = 0; first < w.count(); first += depth * area)
    for (std::int64_t c = 0; c < depth; c += block_c)
      for (std::int64_t cell = 0; cell < area; ++cell)
        for (std::int64_t i = c; i < std::min(depth, c + block_c); ++i)
          out.push_back(w.as<float>()[static_cast<std::size_t>(first + i * area + cell)]);
  return out;
}

Operand weights(LowerContext& c, const Dims& d, std::int64_t area, std::int64_t block_c) {
  const Tensor* w = c.constant(1);
  if (!w) return c.operand(1);
  return c.array("weights", DType::float32, blocked_weights(*w, d.depth, area, block_c));
}

void lower(LowerContext& c) {
  if (!channels_last(c.node))
    refuse("{} spatial dimensions are not supported, only 1 to 3", c.in_shape(0).size() - 2);
  const Dims d = dims_of(c.node, c.in_shape(0), c.in_shape(1));
  const Window window = resolve_window(c.node, d.spatial, d.kernel);
  refuse_infinite_weights(c, d, window);
  const FloatOrder order = order_of(c, d, window);
  const Window2d w = to_planes(window, d.spatial);
  const bool has_bias = c.node.has_input(2);
  Call call = c.call(has_bias ? "float_conv2d_bias" : "float_conv2d", "float_conv.hpp");
  call.reads = {c.operand(0), weights(c, d, w.k_h * w.k_w, order.block_c)};
  if (has_bias)
    call.reads.push_back(c.constant(2) ? c.array("bias", DType::float32, c.constant(2)->bytes)
                                       : c.operand(2));
  call.writes = {c.output(0)};
  call.params = {param("batch", d.batch), param("in_c", d.in_c), param("out_c", d.out_c),
                 param("groups", d.groups)};
  add_window(call, w);
  call.params.push_back(param("block_c", order.block_c));
  add_order(call, order);
  call.macs = d.batch * w.out_h * w.out_w * d.out_c * w.k_h * w.k_w * d.depth;
  call.weight_bytes = c.constant(1) ? c.constant(1)->count() * 4 : 0;
  c.add(std::move(call));
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_Conv){"", "Conv", infer, lower, nullptr, estimate_conv};

}  // namespace o2m
