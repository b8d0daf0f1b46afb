#include "ops/resize_axes.hpp"

#include <algorithm>
#include <cmath>

#include "ops/int_list.hpp"
#include "ops/op.hpp"
#include "ops/window.hpp"

namespace o2m {
namespace {

template <std::size_t N>
std::string one_of(const Node& node, const char* key, const char* fallback, const char* const (&known)[N]) {
  const std::string value = node.attr_string(key, fallback);
  if (std::find(std::begin(known), std::end(known), value) == std::end(known))
    refuse("{} \"{}\" is not supported", key, printable(value));
  return value;
}

constexpr const char* modes[] = {"nearest", "linear", "cubic"};
constexpr const char* coordinate_modes[] = {"half_pixel",           "asymmetric",    "pytorch_half_pixel",
                                            "tf_half_pixel_for_nn", "align_corners", "tf_crop_and_resize",
                                            "half_pixel_symmetric"};
constexpr const char* nearest_modes[] = {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"};
constexpr const char* policies[] = {"stretch", "not_larger", "not_smaller"};

/// x's shape in ONNX's order.
Shape onnx_shape(const Graph& graph, const Node& node) {
  Shape shape = graph.shape(node.inputs.at(0));
  if (!channels_last(node)) return shape;
  const std::int64_t channels = shape.back();
  shape.pop_back();
  shape.insert(shape.begin() + 1, channels);
  return shape;
}

/// The constant floats of an input, empty when it is omitted or has no elements.
std::vector<float> float_input(const Graph& graph, const Node& node, std::size_t i, const char* what) {
  if (!node.has_input(i)) return {};
  const Tensor* t = graph.constant(node.inputs[i]);
  if (!t) refuse("{} (input {}) must be a constant, it is computed at run time", what, i);
  if (t->type != DType::float32) refuse("{} (input {}) is {}, expected float32", what, i, to_string(t->type));
  return {t->as<float>().begin(), t->as<float>().end()};
}

std::vector<std::size_t> resized_axes(const Node& node, std::size_t rank) {
  const auto axes = node.attr_ints("axes");
  std::vector<std::size_t> all;
  if (axes && !axes->empty()) return normalize_axes(*axes, rank);
  for (std::size_t i = 0; i < rank; ++i) all.push_back(i);
  return all;
}

void set_scales(Resize& r, const std::vector<float>& scales, const std::vector<std::size_t>& axes) {
  if (scales.size() != axes.size()) refuse("scales has {} entries, expected {}", scales.size(), axes.size());
  for (std::size_t i = 0; i < axes.size(); ++i) {
    ResizeAxis& axis = r.axes[axes[i]];
    axis.scale = scales[i];
    if (!(axis.scale > 0) || !(axis.scale < 1e6F))
      refuse("scale {} is not above 0 and below 1e6", axis.scale);
  }
  for (ResizeAxis& axis : r.axes)
    axis.out = static_cast<std::int64_t>(axis.scale * static_cast<float>(axis.in));
}

void set_sizes(Resize& r, const std::vector<std::int64_t>& sizes, const std::vector<std::size_t>& axes,
               const std::string& policy) {
  if (sizes.size() != axes.size()) refuse("sizes has {} entries, expected {}", sizes.size(), axes.size());
  for (std::size_t i = 0; i < axes.size(); ++i) {
    if (sizes[i] < 1 || sizes[i] > std::int64_t{1} << 31)
      refuse("size {} is not between 1 and 2^31", sizes[i]);
    r.axes[axes[i]].out = sizes[i];
  }
  for (ResizeAxis& axis : r.axes) axis.scale = static_cast<float>(axis.out) / static_cast<float>(axis.in);
  if (policy == "stretch") return;
  float common = r.axes[axes[0]].scale;
  for (const std::size_t i : axes)
    common = policy == "not_larger" ? std::min(common, r.axes[i].scale) : std::max(common, r.axes[i].scale);
  for (const std::size_t i : axes) {
    r.axes[i].scale = common;
    r.axes[i].out = static_cast<std::int64_t>(std::round(common * static_cast<float>(r.axes[i].in)));
  }
}

void read_sizes(const Graph& graph, const Node& node, Resize& r) {
  const auto axes = resized_axes(node, r.axes.size());
  const bool upsample = node.is("Upsample"), roi_first = !upsample && graph.opset() >= 11;
  if (upsample && graph.opset() < 9) {
    const auto it = node.attributes.find("scales");
    const auto* list = it == node.attributes.end() ? nullptr : std::get_if<std::vector<float>>(&it->second);
    if (!list) refuse("attribute \"scales\" is missing");
    return set_scales(r, *list, axes);
  }
  const std::vector<float> scales = float_input(graph, node, roi_first ? 2 : 1, "scales");
  const auto sizes = roi_first ? int_list_input(graph, node, "sizes", 3) : std::nullopt;
  if (!scales.empty() && sizes && !sizes->empty()) refuse("both scales and sizes are given");
  if (!scales.empty()) return set_scales(r, scales, axes);
  if (!sizes || sizes->empty()) refuse("neither scales nor sizes are given");
  set_sizes(r, *sizes, axes, one_of(node, "keep_aspect_ratio_policy", "stretch", policies));
}

void read_roi(const Graph& graph, const Node& node, Resize& r) {
  const std::vector<float> roi = float_input(graph, node, 1, "roi");
  const auto axes = resized_axes(node, r.axes.size());
  if (roi.empty()) return;
  if (roi.size() != 2 * axes.size()) refuse("roi has {} entries, expected {}", roi.size(), 2 * axes.size());
  for (std::size_t i = 0; i < axes.size(); ++i) {
    r.axes[axes[i]].roi_start = roi[i];
    r.axes[axes[i]].roi_end = roi[axes.size() + i];
  }
}

/// Where output i lies in x, in the arithmetic of GetOriginalCoordinateFromResizedCoordinate.
float original(const Resize& r, const ResizeAxis& axis, std::int64_t i) {
  const float x = static_cast<float>(i), in = static_cast<float>(axis.in), out = static_cast<float>(axis.out),
              scale = axis.scale;
  if (r.coordinates == "asymmetric") return x / scale;
  if (r.coordinates == "pytorch_half_pixel") return out > 1 ? (x + 0.5F) / scale - 0.5F : 0.0F;
  if (r.coordinates == "tf_half_pixel_for_nn") return (x + 0.5F) / scale;
  if (r.coordinates == "align_corners") return out == 1 ? 0 : x * (in - 1) / (out - 1);
  if (r.coordinates == "tf_crop_and_resize")
    return out > 1 ? axis.roi_start * (in - 1) + (x * (axis.roi_end - axis.roi_start) * (in - 1)) / (out - 1)
                   : static_cast<float>(0.5 * (axis.roi_start + axis.roi_end) * (in - 1));
  if (r.coordinates == "half_pixel_symmetric") {
    const float adjustment = out / (scale * in), center = in / 2, offset = center * (1 - adjustment);
    return static_cast<float>(offset + (x + 0.5) / scale - 0.5);
  }
  return (x + 0.5F) / scale - 0.5F;
}

bool is_outside(const Resize& r, const ResizeAxis& axis, float at) {
  return r.crops && (at < 0 || at > static_cast<float>(axis.in - 1));
}

std::int64_t nearest_pixel(const Resize& r, const ResizeAxis& axis, float at) {
  const auto cut = static_cast<std::int64_t>(at);
  if (r.nearest == "simple") return axis.scale < 1 ? static_cast<std::int64_t>(std::ceil(at)) : cut;
  if (r.nearest == "round_prefer_ceil") return static_cast<std::int64_t>(std::round(at));
  if (r.nearest == "floor") return static_cast<std::int64_t>(std::floor(at));
  if (r.nearest == "ceil") return static_cast<std::int64_t>(std::ceil(at));
  if (at == static_cast<float>(cut) + 0.5F) return static_cast<std::int64_t>(std::floor(at));
  return static_cast<std::int64_t>(std::round(at));
}

float cubic_filter(float x, float a) {
  x = std::abs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

/// The weights of one output of antialias, for elements from `first` on, folded into [low, high) unless
/// excluded.
std::vector<float> folded_taps(std::vector<float> taps, std::int64_t first, std::int64_t low,
                               std::int64_t high, std::int64_t in) {
  const auto size = static_cast<std::int64_t>(taps.size());
  const auto at = [&](std::int64_t i) -> float& { return taps[static_cast<std::size_t>(i)]; };
  if (low >= high) return {};
  const std::int64_t before = std::clamp<std::int64_t>(-first, 0, size - 1);
  for (std::int64_t i = 0; i < before; ++i) at(before) += at(i);
  const std::int64_t behind = std::clamp<std::int64_t>(size + first - in, 0, size - 1);
  for (std::int64_t i = size - behind; i < size; ++i) at(size - behind - 1) += at(i);
  return {taps.begin() + before, taps.begin() + before + (high - low)};
}

}  // namespace

bool Resize::copies() const {
  return std::all_of(axes.begin(), axes.end(), [](const ResizeAxis& a) { return a.in == a.out; });
}

Resize resolve_resize(const Graph& graph, const Node& node) {
  Resize r;
  r.mode = one_of(node, "mode", "nearest", modes);
  const bool modern = !node.is("Upsample") && graph.opset() >= 11;
  r.coordinates =
      modern ? one_of(node, "coordinate_transformation_mode", "half_pixel", coordinate_modes) : "asymmetric";
  r.nearest = modern ? one_of(node, "nearest_mode", "round_prefer_floor", nearest_modes) : "simple";
  r.cubic_a = node.attr_float("cubic_coeff_a", -0.75F);
  r.outside = node.attr_float("extrapolation_value", 0);
  r.exclude_outside = node.attr("exclude_outside", 0) != 0;
  r.antialias = node.attr("antialias", 0) != 0;
  r.crops = r.coordinates == "tf_crop_and_resize";
  for (const std::int64_t dim : onnx_shape(graph, node)) r.axes.push_back({dim, dim});
  if (r.axes.empty()) refuse("x is a scalar");
  read_sizes(graph, node, r);
  for (std::size_t i = 0; i < r.axes.size(); ++i)
    if (r.axes[i].in == 0 || r.axes[i].out == 0)
      refuse("axis {} has {} elements, the result {}: nothing to resize", i, r.axes[i].in, r.axes[i].out);
  if (r.crops) read_roi(graph, node, r);
  return r;
}

std::vector<std::int64_t> nearest_elements(const Resize& r, const ResizeAxis& axis) {
  std::vector<std::int64_t> at;
  for (std::int64_t i = 0; i < axis.out; ++i) {
    const float x = axis.scale == 1.0F && r.axes.size() > 1 ? static_cast<float>(i) : original(r, axis, i);
    const bool outside = (axis.scale != 1.0F || r.axes.size() == 1) && is_outside(r, axis, x);
    at.push_back(outside ? -1 : std::clamp<std::int64_t>(nearest_pixel(r, axis, x), 0, axis.in - 1));
  }
  return at;
}

bool has_blocked_form(const Graph& graph, const Node& node) {
  if (!node.is("Resize") || graph.opset() < 11 || node.inputs.size() != 3) return false;
  const Resize r = resolve_resize(graph, node);
  const bool known =
      r.coordinates == "half_pixel" || r.coordinates == "align_corners" || r.coordinates == "asymmetric";
  return r.mode == "linear" && !r.antialias && known && r.axes.size() == 4 && r.axes[0].scale == 1 &&
         r.axes[1].scale == 1 && std::all_of(r.axes.begin(), r.axes.end(), [](const ResizeAxis& a) {
           return a.scale == std::floor(a.scale);
         });
}

LinearAxis linear_axis(const Resize& r, const ResizeAxis& axis, LinearForm form) {
  LinearAxis out;
  for (std::int64_t i = 0; i < axis.out; ++i) {
    const float x = axis.scale == 1.0F ? static_cast<float>(i) : original(r, axis, i);
    const float inside = std::max(0.0F, std::min(x, static_cast<float>(axis.in - 1)));
    const std::int64_t first = std::min(static_cast<std::int64_t>(inside), axis.in - 1);
    const std::int64_t second = std::min(first + 1, axis.in - 1);
    const float at = form == LinearForm::in_1024ths ? std::floor(inside * 1024.0F) / 1024.0F : inside;
    const float to_first = std::abs(at - static_cast<float>(first)),
                to_second = std::abs(at - static_cast<float>(second));
    out.first.push_back(is_outside(r, axis, x) ? -1 : first);
    out.second.push_back(second);
    const float fraction = std::max(0.0F, x) - static_cast<float>(first);
    const bool blocked = form == LinearForm::blocked, same = first == second;
    out.weights.push_back(blocked ? 1.0F - fraction : same ? 0.5F : to_second);
    out.weights.push_back(blocked ? fraction : same ? 0.5F : to_first);
  }
  return out;
}

TapAxis cubic_axis(const Resize& r, const ResizeAxis& axis) {
  TapAxis out;
  const float a = r.cubic_a;
  for (std::int64_t i = 0; i < axis.out; ++i) {
    const float x = axis.scale == 1.0F ? static_cast<float>(i) : original(r, axis, i);
    const auto base = static_cast<std::int64_t>(std::floor(x));
    const float s = x - static_cast<float>(base);
    float taps[] = {((a * (s + 1) - 5 * a) * (s + 1) + 8 * a) * (s + 1) - 4 * a,
                    ((a + 2) * s - (a + 3)) * s * s + 1,
                    ((a + 2) * (1 - s) - (a + 3)) * (1 - s) * (1 - s) + 1,
                    ((a * (2 - s) - 5 * a) * (2 - s) + 8 * a) * (2 - s) - 4 * a};
    float sum = r.exclude_outside ? 0.0F : 1.0F;
    for (std::int64_t k = 0; r.exclude_outside && k < 4; ++k) {
      if (base - 1 + k < 0 || base - 1 + k >= axis.in) taps[k] = 0;
      sum += taps[k];
    }
    out.at.push_back(base);
    out.count.push_back(4);
    out.outside.push_back(is_outside(r, axis, x));
    out.taps.insert(out.taps.end(), std::begin(taps), std::end(taps));
    out.sums.push_back(sum);
  }
  return out;
}

TapAxis antialias_axis(const Resize& r, const ResizeAxis& axis) {
  TapAxis out;
  const bool cubic = r.mode == "cubic";
  const float scale = 1.0F / axis.scale, half = (cubic ? 4.0F : 2.0F) * 0.5F;
  const float support = scale >= 1.0F ? half * scale : half, inverse = scale >= 1.0F ? 1.0F / scale : 1.0F;
  out.window = static_cast<std::int64_t>(std::ceil(support)) * 2 + 1;
  for (std::int64_t i = 0; i < axis.out; ++i) {
    const float center = 0.5F + (scale == 1.0F ? static_cast<float>(i) : original(r, axis, i));
    const auto first = static_cast<std::int64_t>(std::floor(center - support + 0.5F));
    const auto end = static_cast<std::int64_t>(std::floor(center + support + 0.5F));
    const std::int64_t size = std::clamp<std::int64_t>(end - first, 0, out.window);
    const std::int64_t low = std::clamp<std::int64_t>(first, 0, axis.in),
                       high = std::clamp<std::int64_t>(first + size, 0, axis.in);
    const std::int64_t begin = r.exclude_outside ? low : first;
    std::vector<float> taps;
    float total = 0;
    for (std::int64_t k = 0; k < (r.exclude_outside ? high : first + size) - begin; ++k) {
      const float at = (static_cast<float>(k + begin) - center + 0.5F) * inverse;
      taps.push_back(cubic ? cubic_filter(at, r.cubic_a) : std::max(0.0F, 1.0F - std::abs(at)));
      total += taps.back();
    }
    if (!r.exclude_outside) taps = folded_taps(taps, first, low, high, axis.in);
    const float factor = total == 0.0F ? 1.0F : 1.0F / total;
    for (float& tap : taps) tap *= factor;
    taps.resize(static_cast<std::size_t>(out.window));
    out.at.push_back(low);
    out.count.push_back(high - low);
    out.outside.push_back(r.crops && (center - 0.5F < 0 || center - 0.5F > static_cast<float>(axis.in - 1)));
    out.taps.insert(out.taps.end(), taps.begin(), taps.end());
  }
  return out;
}

}  // namespace o2m
