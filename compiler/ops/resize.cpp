// Resize 10-19 and Upsample 7-9: nearest, linear and cubic with every coordinate mode, antialias in float.
// Where the elements come from is worked out here; tables and weights are constants of the layer.

#include <algorithm>
#include <array>

#include "ops/lower.hpp"
#include "ops/resize_axes.hpp"
#include "ops/strided_copy.hpp"
#include "ops/window.hpp"

namespace o2m {
namespace {

bool is_one(const ResizeAxis& axis) { return axis.scale == 1.0F; }

/// ONNX Runtime interpolates the last two or three dimensions, or (4-D, linear) those between batch and
/// channels.
struct Interpolated {
  std::vector<std::size_t> axes;  ///< in ONNX's order
  bool channels_between = false;  ///< [N, H, W, C] in ONNX's order itself
};

Interpolated interpolated_axes(const Resize& r, DType type) {
  const std::size_t rank = r.axes.size();
  const bool four = rank == 4 && is_one(r.axes[0]);
  if (r.mode == "cubic" || r.antialias) {
    if (type != DType::float32)
      refuse("{} of {} is not supported, only of float32", r.antialias ? "antialias" : "cubic",
             to_string(type));
    if (rank == 2) return {{0, 1}};
    if (four && is_one(r.axes[1])) return {{2, 3}};
    if (four && is_one(r.axes[3])) return {{1, 2}, true};
  } else {
    if (rank == 2) return {{0, 1}};
    if (four && is_one(r.axes[1])) return {{2, 3}};
    if (four && is_one(r.axes[3])) return {{1, 2}, true};
    if (rank == 3) return {{0, 1, 2}};
    if (rank == 5 && is_one(r.axes[0]) && is_one(r.axes[1])) return {{2, 3, 4}};
  }
  refuse("mode {} resizes the last two dimensions of 2 or 4, not these of {}", r.mode, rank);
}

void infer(InferContext& c) {
  const Resize r = resolve_resize(c.graph, c.node);
  if (r.antialias && r.mode == "nearest") refuse("antialias is for the modes linear and cubic");
  if (r.exclude_outside && r.mode != "cubic" && !r.antialias)
    refuse("exclude_outside is for mode cubic and antialias");
  if (r.mode != "nearest" && !r.copies()) interpolated_axes(r, c.type(0));
  Shape shape;
  for (const ResizeAxis& axis : r.axes) shape.push_back(axis.out);
  if (channels_last(c.node)) {
    shape.push_back(shape[1]);
    shape.erase(shape.begin() + 1);
  }
  c.set(0, c.type(0), std::move(shape));
}

/// The axes as they lie in memory.
std::vector<ResizeAxis> stored_axes(const LowerContext& c, const Resize& r) {
  std::vector<ResizeAxis> axes = r.axes;
  if (channels_last(c.node)) std::rotate(axes.begin() + 1, axes.begin() + 2, axes.end());
  return axes;
}

Call resize_call(LowerContext& c, const char* kernel) {
  Call call = c.call(kernel, "resize.hpp");
  call.reads = {c.operand(0)};
  call.writes = {c.output(0)};
  return call;
}

/// Every output a repetition or a regular choice: the loops of a strided copy; nothing otherwise.
std::optional<StridedCopy> as_strided_copy(const std::vector<ResizeAxis>& axes,
                                           const std::vector<std::vector<std::int64_t>>& at,
                                           const std::vector<std::int64_t>& steps) {
  StridedCopy copy;
  for (std::size_t d = 0; d < axes.size(); ++d) {
    const std::int64_t out = axes[d].out, repeat = std::max<std::int64_t>(1, out / axes[d].in);
    const std::int64_t step = out > 1 && repeat == 1 ? at[d][1] - at[d][0] : 1;
    for (std::int64_t i = 0; i < out; ++i)
      if (at[d][static_cast<std::size_t>(i)] != at[d][0] + i / repeat * step || at[d][0] < 0)
        return std::nullopt;
    if (out % repeat != 0) return std::nullopt;
    copy.first += at[d][0] * steps[d];
    copy.loop(out / repeat, step * steps[d]);
    copy.loop(repeat, 0);
  }
  return copy;
}

void lower_nearest(LowerContext& c, const Resize& r) {
  const std::vector<ResizeAxis> axes = stored_axes(c, r);
  const std::vector<std::int64_t> steps = row_major_steps(c.in_shape(0));
  std::vector<std::vector<std::int64_t>> at;
  for (const ResizeAxis& axis : axes) at.push_back(nearest_elements(r, axis));
  if (const auto copy = as_strided_copy(axes, at, steps)) return lower_strided_copy(c, *copy);
  const auto whole = [&](std::size_t d) {
    return axes[d].in == axes[d].out && at[d].front() == 0 && at[d].back() == axes[d].in - 1;
  };
  std::size_t first = 0, end = axes.size();
  std::int64_t outer = 1, inner = 1;
  while (whole(first)) outer *= axes[first++].in;
  while (whole(end - 1)) inner *= axes[--end].in;
  std::vector<std::int64_t> sizes, offsets;
  for (std::size_t d = first; d < end; ++d) {
    sizes.push_back(axes[d].out);
    for (const std::int64_t i : at[d]) offsets.push_back(i < 0 ? -1 : i * steps[d]);
  }
  Call call = resize_call(c, "resize_nearest");
  call.params = {param("outer", outer),
                 param("plane", element_count(c.in_shape(0)) / outer),
                 param("inner", inner),
                 param("rank", static_cast<std::int64_t>(sizes.size())),
                 param_ints("size", sizes),
                 param_ints("at", offsets),
                 param_float("outside", r.outside)};
  c.add(std::move(call));
}

/// Names of the tables of an axis, outermost first.
constexpr const char* axis_names[] = {"d", "h", "w"};

/// How the interpolated axes lie in memory: [outer][axes…][inner].
struct Images {
  std::int64_t outer, inner;
};

Images images_of(const LowerContext& c, const Resize& r, const Interpolated& axes) {
  std::int64_t pixels = 1;
  for (const std::size_t axis : axes.axes) pixels *= r.axes[axis].in;
  const std::int64_t rest = element_count(c.in_shape(0)) / pixels;
  if (!channels_last(c.node) && !axes.channels_between) return {rest, 1};
  return {r.axes[0].in, rest / r.axes[0].in};
}

void add_images(Call& call, const Resize& r, const Interpolated& axes, const Images& images) {
  call.params.push_back(param("outer", images.outer));
  call.params.push_back(param("inner", images.inner));
  for (std::size_t i = 0; i < axes.axes.size(); ++i) {
    const std::string name = axis_names[3 - axes.axes.size() + i];
    call.params.push_back(param("in_" + name, r.axes[axes.axes[i]].in));
    call.params.push_back(param("out_" + name, r.axes[axes.axes[i]].out));
  }
  call.params.push_back(param_float("outside", r.outside));
}

void lower_linear(LowerContext& c, const Resize& r) {
  const DType type = c.in(0).type;
  const Interpolated axes = interpolated_axes(r, type);
  const bool integer = is_8bit(type) && axes.channels_between, blocked = c.node.attr("blocked", 0) != 0;
  const LinearForm form = integer   ? LinearForm::in_1024ths
                          : blocked ? LinearForm::blocked
                                    : LinearForm::plain;
  const bool three = axes.axes.size() == 3;
  Call call = resize_call(c, three     ? "resize_trilinear"
                             : integer ? "resize_linear_integer"
                                       : "resize_linear");
  const Images images = images_of(c, r, axes);
  add_images(call, r, axes, images);
  std::int64_t step = images.inner;
  for (std::size_t i = axes.axes.size(); i-- > 0;) {
    const std::string name = axis_names[3 - axes.axes.size() + i];
    LinearAxis axis = linear_axis(r, r.axes[axes.axes[i]], form);
    for (std::size_t k = 0; k < axis.first.size(); ++k) {
      if (axis.first[k] > 0) axis.first[k] *= step;
      axis.second[k] *= step;
    }
    step *= r.axes[axes.axes[i]].in;
    call.params.push_back(param_ints(name + "_first", axis.first));
    call.params.push_back(param_ints(name + "_second", axis.second));
    call.params.push_back(
        param_array(c.program, name + "_weights", c.array(name + "_weights", DType::float32, axis.weights)));
  }
  call.params.push_back(param(three ? "volume" : "plane", step));
  call.params.push_back(param_bool("pairwise", blocked));
  c.add(std::move(call));
}

void add_taps(LowerContext& c, Call& call, const std::string& name, const TapAxis& axis) {
  call.params.push_back(param_ints(name + "_at", axis.at));
  call.params.push_back(param_ints(name + "_count", axis.count));
  call.params.push_back(param_ints(name + "_outside", axis.outside));
  call.params.push_back(param(name + "_window", axis.window));
  call.params.push_back(
      param_array(c.program, name + "_taps", c.array(name + "_taps", DType::float32, axis.taps)));
}

void lower_cubic(LowerContext& c, const Resize& r) {
  const Interpolated axes = interpolated_axes(r, c.in(0).type);
  Call call = resize_call(c, "resize_cubic");
  add_images(call, r, axes, images_of(c, r, axes));
  const TapAxis h = cubic_axis(r, r.axes[axes.axes[0]]);
  TapAxis w = cubic_axis(r, r.axes[axes.axes[1]]);
  for (std::size_t i = 0; i < w.taps.size(); ++i) w.taps[i] /= w.sums[i / 4];
  add_taps(c, call, "h", h);
  add_taps(c, call, "w", w);
  call.params.push_back(param_array(c.program, "h_sums", c.array("h_sums", DType::float32, h.sums)));
  c.add(std::move(call));
}

void lower_antialias(LowerContext& c, const Resize& r) {
  const Interpolated axes = interpolated_axes(r, c.in(0).type);
  const Images images = images_of(c, r, axes);
  const ResizeAxis &h = r.axes[axes.axes[0]], &w = r.axes[axes.axes[1]];
  Call call = resize_call(c, "resize_antialias");
  call.scratch = {c.scratch("rows", DType::float32, h.in * w.out * images.inner)};
  add_images(call, r, axes, images);
  add_taps(c, call, "h", antialias_axis(r, h));
  add_taps(c, call, "w", antialias_axis(r, w));
  c.add(std::move(call));
}

void lower(LowerContext& c) {
  const Resize r = resolve_resize(c.graph, c.node);
  if (r.copies()) return c.alias(0, 0);
  if (r.mode == "nearest") return lower_nearest(c, r);
  if (r.antialias) return lower_antialias(c, r);
  r.mode == "cubic" ? lower_cubic(c, r) : lower_linear(c, r);
}

/// One axis after the other, with weights (output, element, weight).
Tensor along(const Tensor& x, std::size_t axis, std::int64_t out,
             const std::vector<std::array<float, 3>>& taps) {
  Shape shape = x.shape;
  shape[axis] = out;
  Tensor y = make_tensor(DType::float32, shape);
  const std::int64_t inner =
      element_count({shape.begin() + static_cast<std::ptrdiff_t>(axis) + 1, shape.end()});
  const std::int64_t outer = x.count() / (inner * x.shape[axis]);
  for (std::int64_t o = 0; o < outer; ++o)
    for (const auto& [to, from, weight] : taps)
      for (std::int64_t i = 0; i < inner; ++i)
        y.as<float>()[static_cast<std::size_t>((o * out + static_cast<std::int64_t>(to)) * inner + i)] +=
            weight * x.as<float>()[static_cast<std::size_t>(
                         (o * x.shape[axis] + static_cast<std::int64_t>(from)) * inner + i)];
  return y;
}

std::vector<std::array<float, 3>> taps_of(const Resize& r, const ResizeAxis& axis) {
  std::vector<std::array<float, 3>> taps;
  const auto add = [&](std::size_t to, std::int64_t from, float weight) {
    taps.push_back(
        {static_cast<float>(to), static_cast<float>(std::clamp<std::int64_t>(from, 0, axis.in - 1)), weight});
  };
  if (r.mode == "nearest") {
    const auto at = nearest_elements(r, axis);
    for (std::size_t i = 0; i < at.size(); ++i) add(i, at[i], 1);
  } else if (r.mode == "linear" && !r.antialias) {
    const LinearAxis linear = linear_axis(r, axis, LinearForm::plain);
    for (std::size_t i = 0; i < linear.weights.size(); ++i)
      add(i / 2, i % 2 ? linear.second[i / 2] : linear.first[i / 2], linear.weights[i]);
  } else {
    const TapAxis t = r.antialias ? antialias_axis(r, axis) : cubic_axis(r, axis);
    for (std::size_t i = 0; i < t.at.size(); ++i)
      for (std::int64_t k = 0; k < t.count[i]; ++k)
        add(i, t.at[i] + k - !r.antialias,
            t.taps[i * static_cast<std::size_t>(t.window) + static_cast<std::size_t>(k)]);
  }
  return taps;
}

std::vector<Tensor> estimate(const Graph& graph, const Node& node, EvalInputs in) {
  if (in[0]->type != DType::float32) refuse("x is {}, only float32 is calibrated", to_string(in[0]->type));
  const Resize r = resolve_resize(graph, node);
  Tensor x = *in[0];
  for (std::size_t d = 0; d < r.axes.size(); ++d)
    if (r.axes[d].in != r.axes[d].out) x = along(x, d, r.axes[d].out, taps_of(r, r.axes[d]));
  return {std::move(x)};
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_Resize){"", "Resize", infer, lower, nullptr, estimate};
ONNX2MCU_DEFINE_OP(op_Upsample){"", "Upsample", infer, lower, nullptr, estimate};

}  // namespace o2m
