// ConvTranspose 7-22 in float32: 1-D to 3-D, groups, strides, dilations, pads, output_padding, output_shape.
// Inputs: x, w, [b].

#include <algorithm>

#include "ops/float_order.hpp"
#include "ops/lower.hpp"
#include "ops/window.hpp"

namespace o2m {
namespace {

struct Dims {
  std::int64_t batch, in_c, out_c, groups;
  std::vector<std::int64_t> spatial;
  Window window;  ///< out: the spatial dimensions of y
};

/// Attribute `key` with one entry per spatial dimension (or `count`); `fallback` where absent.
std::vector<std::int64_t> list(const Node& node, const char* key, std::size_t count, std::int64_t fallback) {
  const auto given = node.attr_ints(key);
  if (!given || given->empty()) return std::vector<std::int64_t>(count, fallback);
  if (given->size() != count) refuse("{} has {} entries, expected {}", key, given->size(), count);
  for (const std::int64_t v : *given)
    if (v < fallback || v > 1 << 20) refuse("{} {} is out of range", key, to_string(*given));
  return *given;
}

/// Output size and pads of spatial dimension d, as ONNX Runtime resolves auto_pad and output_shape.
void resolve(const Node& node, Window& w, std::size_t d, std::int64_t in, std::int64_t output_padding,
             const std::optional<std::vector<std::int64_t>>& output_shape) {
  const std::string auto_pad = node.attr_string("auto_pad", "NOTSET");
  const std::int64_t full = (in - 1) * w.strides[d] + output_padding + (w.kernel[d] - 1) * w.dilations[d] + 1;
  if (auto_pad == "VALID") w.pads_begin[d] = w.pads_end[d] = 0;
  std::int64_t out = full - w.pads_begin[d] - w.pads_end[d];
  const bool same = auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER";
  if (output_shape || same) {
    out = output_shape ? (*output_shape)[d] : in * w.strides[d];
    const std::int64_t total = std::max<std::int64_t>(0, full - out);
    w.pads_begin[d] = auto_pad == "SAME_UPPER" ? total / 2 : total - total / 2;
    w.pads_end[d] = total - w.pads_begin[d];
  }
  if (out < 1) refuse("spatial dimension {} of the output would have {} elements", d, out);
  w.out.push_back(out);
}

Dims dims_of(const Node& node, const Shape& x, const Shape& f) {
  const bool last = channels_last(node);
  if (x.size() < 3 || f.size() != x.size()) refuse("x {} and w {} do not fit", to_string(x), to_string(f));
  Dims d{x[0], channels_of(x, last), 0, node.attr("group", 1), spatial_dims(x, last), {}};
  if (d.spatial.size() > 3) refuse("{} spatial dimensions are not supported, only 1 to 3", d.spatial.size());
  if (d.groups < 1 || f[0] != d.in_c || d.in_c % d.groups != 0 || f[1] < 1)
    refuse("group {} and w {} do not fit {} input channels", d.groups, to_string(f), d.in_c);
  d.out_c = f[1] * d.groups;
  const std::size_t rank = d.spatial.size();
  Window& w = d.window;
  w.kernel = {f.begin() + 2, f.end()};
  if (const auto kernel = node.attr_ints("kernel_shape"); kernel && *kernel != w.kernel)
    refuse("kernel_shape {} contradicts w {}", to_string(*kernel), to_string(f));
  w.strides = list(node, "strides", rank, 1);
  w.dilations = list(node, "dilations", rank, 1);
  const auto pads = list(node, "pads", 2 * rank, 0);
  w.pads_begin.assign(pads.begin(), pads.begin() + static_cast<std::ptrdiff_t>(rank));
  w.pads_end.assign(pads.begin() + static_cast<std::ptrdiff_t>(rank), pads.end());
  const auto output_padding = list(node, "output_padding", rank, 0);
  auto output_shape = node.attr_ints("output_shape");
  if (output_shape && output_shape->size() == rank + 2)
    output_shape->erase(output_shape->begin(), output_shape->begin() + 2);
  if (output_shape && output_shape->size() != rank)
    refuse("output_shape {} has not {} entries", to_string(*output_shape), rank);
  for (std::size_t i = 0; i < rank; ++i) resolve(node, w, i, d.spatial[i], output_padding[i], output_shape);
  return d;
}

void infer(InferContext& c) {
  for (std::size_t i = 0; i < c.input_count(); ++i)
    if (c.has(i) && c.type(i) != DType::float32)
      refuse("input {} is {}, only float32 is supported", i, to_string(c.type(i)));
  const Dims d = dims_of(c.node, c.shape(0), c.shape(1));
  if (c.has(2) && c.shape(2) != Shape{d.out_c})
    refuse("b has shape {}, expected [{}]", to_string(c.shape(2)), d.out_c);
  c.set(0, DType::float32, image_shape(d.batch, d.out_c, d.window.out, channels_last(c.node)));
}

/// [in / group][group][out][k_h][k_w] becomes [group][out][k_h][k_w][in / group], which the kernel reads in
/// sequence.
std::vector<float> gathered_weights(const Tensor& w, const Dims& d) {
  const std::int64_t depth = d.in_c / d.groups, filter = w.count() / d.in_c;
  std::vector<float> out;
  for (std::int64_t g = 0; g < d.groups; ++g)
    for (std::int64_t cell = 0; cell < filter; ++cell)
      for (std::int64_t i = 0; i < depth; ++i)
        out.push_back(w.as<float>()[static_cast<std::size_t>((g * depth + i) * filter + cell)]);
  return out;
}

FloatOrder order_of(const LowerContext& c, const Dims& d) {
  const std::int64_t depth = d.in_c / d.groups, filter = element_count(c.in_shape(1)) / d.in_c;
  const std::int64_t pixels = element_count(d.spatial);
  const bool transposed =
      is_constant_weight(c, 1) && depth > 1 && filter > 1;  // ONNX Runtime does it beforehand
  return matmul_order(filter, depth, pixels, false, false, !transposed, false);
}

void lower(LowerContext& c) {
  const Dims d = dims_of(c.node, c.in_shape(0), c.in_shape(1));
  const Window2d w = to_planes(d.window, d.spatial);
  const std::int64_t depth = d.in_c / d.groups, area = w.k_h * w.k_w, filter = d.out_c / d.groups * area;
  const Tensor* weights = c.constant(1);
  Call call = c.call("conv_transpose", "conv_transpose.hpp");
  call.reads = {c.operand(0), weights
                                  ? Operand(c.array("weights", DType::float32, gathered_weights(*weights, d)))
                                  : c.operand(1)};
  if (c.node.has_input(2)) call.reads.push_back(c.operand(2));
  call.writes = {c.output(0)};
  call.params = {param("batch", d.batch),
                 param("in_c", d.in_c),
                 param("out_c", d.out_c),
                 param("groups", d.groups),
                 param("w_group", depth * filter),
                 param("w_out", weights ? area * depth : area),
                 param("w_tap", weights ? depth : 1),
                 param("w_in", weights ? 1 : filter)};
  add_window(call, w);
  add_order(call, order_of(c, d));
  call.macs = d.batch * w.in_h * w.in_w * d.in_c * filter;
  call.weight_bytes = weights ? weights->count() * 4 : 0;
  c.add(std::move(call));
}

/// The row of the output that row iy of the image reaches through row ky of the filter; -1 outside.
std::int64_t target_row(const Window2d& w, std::int64_t iy, std::int64_t ky) {
  const Planes p = w.planes.value_or(Planes{});
  const std::int64_t in_h = w.in_h / p.in, out_h = w.out_h / p.out, k_h = w.k_h / p.k;
  const std::int64_t plane = iy / in_h * p.stride + ky / k_h * p.dil - p.pad_front;
  const std::int64_t row = iy % in_h * w.stride_h + ky % k_h * w.dil_h - w.pad_top;
  return plane < 0 || plane >= p.out || row < 0 || row >= out_h ? -1 : plane * out_h + row;
}

/// Every pixel's share of the outputs it reaches.
std::vector<Tensor> estimate(const Graph& graph, const Node& node, EvalInputs in) {
  const Dims d = dims_of(node, in[0]->shape, in[1]->shape);
  const Window2d w = to_planes(d.window, d.spatial);
  const std::int64_t depth = d.in_c / d.groups, group_out = d.out_c / d.groups;
  Tensor y = make_tensor(DType::float32, graph.shape(node.outputs[0]));
  const auto x_at = in[0]->as<float>(), w_at = in[1]->as<float>();
  const auto y_at = y.as<float>();
  const auto at = [](std::int64_t i) { return static_cast<std::size_t>(i); };
  for (std::int64_t n = 0; n < d.batch; ++n) {
    for (std::int64_t c = 0; c < d.in_c; ++c)
      for (std::int64_t iy = 0; iy < w.in_h; ++iy)
        for (std::int64_t ix = 0; ix < w.in_w; ++ix)
          for (std::int64_t o = 0; o < group_out; ++o)
            for (std::int64_t ky = 0; ky < w.k_h; ++ky)
              for (std::int64_t kx = 0; kx < w.k_w; ++kx) {
                const std::int64_t oy = target_row(w, iy, ky),
                                   ox = ix * w.stride_w + kx * w.dil_w - w.pad_left;
                if (oy < 0 || ox < 0 || ox >= w.out_w) continue;
                const std::int64_t oc = c / depth * group_out + o;
                y_at[at(((n * d.out_c + oc) * w.out_h + oy) * w.out_w + ox)] +=
                    x_at[at(((n * d.in_c + c) * w.in_h + iy) * w.in_w + ix)] *
                    w_at[at(((c * group_out + o) * w.k_h + ky) * w.k_w + kx)];
              }
    for (std::int64_t i = 0; in.size() > 2 && in[2] && i < d.out_c * w.out_h * w.out_w; ++i)
      y_at[at(n * d.out_c * w.out_h * w.out_w + i)] += in[2]->as<float>()[at(i / (w.out_h * w.out_w))];
  }
  return {std::move(y)};
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_ConvTranspose){"", "ConvTranspose", infer, lower, nullptr, estimate};

}  // namespace o2m
