#include "ops/window.hpp"

#include <algorithm>

#include "diagnostics.hpp"

namespace o2m {
namespace {

constexpr std::int64_t largest_attribute = 1 << 20;

std::vector<std::int64_t> ints(const Node& node, const char* key, std::size_t count, std::int64_t fallback,
                               std::int64_t least) {
  auto values = node.attr_ints(key).value_or(std::vector<std::int64_t>(count, fallback));
  if (values.size() != count) refuse("{} has {} values, expected {}", key, values.size(), count);
  for (const std::int64_t v : values)
    if (v < least || v > largest_attribute)
      refuse("{} {} must lie within {} and {}", key, to_string(values), least, largest_attribute);
  return values;
}

/// ONNX Conv-11/MaxPool-12: SAME_UPPER and SAME_LOWER keep out = ceil(in / stride); the odd cell goes to the
/// end or the beginning.
void same_pads(Window& w, std::size_t d, std::int64_t in, bool lower) {
  const std::int64_t out = (in + w.strides[d] - 1) / w.strides[d];
  const std::int64_t extent = (w.kernel[d] - 1) * w.dilations[d] + 1;
  const std::int64_t total = std::max<std::int64_t>(0, (out - 1) * w.strides[d] + extent - in);
  w.pads_begin[d] = lower ? (total + 1) / 2 : total / 2;
  w.pads_end[d] = total - w.pads_begin[d];
}

}  // namespace

Window resolve_window(const Node& node, const std::vector<std::int64_t>& spatial,
                      const std::vector<std::int64_t>& kernel) {
  const std::size_t rank = spatial.size();
  Window w;
  w.kernel = kernel;
  if (kernel.size() != rank)
    refuse("kernel_shape {} does not match {} spatial dimensions", to_string(kernel), rank);
  for (const std::int64_t k : kernel)
    if (k < 1 || k > largest_attribute)
      refuse("kernel_shape {} must lie within 1 and {}", to_string(kernel), largest_attribute);
  w.strides = ints(node, "strides", rank, 1, 1);
  w.dilations = ints(node, "dilations", rank, 1, 1);
  const auto pads = ints(node, "pads", 2 * rank, 0, 0);
  w.pads_begin.assign(pads.begin(), pads.begin() + static_cast<std::ptrdiff_t>(rank));
  w.pads_end.assign(pads.begin() + static_cast<std::ptrdiff_t>(rank), pads.end());
  const std::string auto_pad = node.attr_string("auto_pad", "NOTSET");
  if (auto_pad != "NOTSET" && auto_pad != "VALID" && auto_pad != "SAME_UPPER" && auto_pad != "SAME_LOWER")
    refuse("auto_pad \"{}\" is none of NOTSET, VALID, SAME_UPPER, SAME_LOWER", printable(auto_pad));
  const bool ceil = node.attr("ceil_mode", 0) != 0;
  for (std::size_t d = 0; d < rank; ++d) {
    if (auto_pad == "VALID") w.pads_begin[d] = w.pads_end[d] = 0;
    if (auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER")
      same_pads(w, d, spatial[d], auto_pad == "SAME_LOWER");
    const std::int64_t extent = (kernel[d] - 1) * w.dilations[d] + 1;
    // ceil_mode lets the last window (even the only one) reach beyond the padded input by less than a stride.
    const std::int64_t room =
        spatial[d] + w.pads_begin[d] + w.pads_end[d] - extent + (ceil ? w.strides[d] - 1 : 0);
    if (room < 0)
      refuse("the kernel covers {} cells in spatial dimension {}, more than the {} of the padded input",
             extent, d, spatial[d] + w.pads_begin[d] + w.pads_end[d]);
    std::int64_t out = room / w.strides[d] + 1;
    // A last window that would begin in the end padding does not exist (ONNX MaxPool-19, AveragePool-19).
    if (ceil && (out - 1) * w.strides[d] >= spatial[d] + w.pads_begin[d]) --out;
    w.out.push_back(out);
  }
  return w;
}

Window2d to_2d(const Window& w, const std::vector<std::int64_t>& spatial) {
  if (spatial.size() > 2) refuse("{} spatial dimensions are not supported, only 1 or 2", spatial.size());
  if (spatial.empty()) refuse("there is no spatial dimension");
  const bool one = spatial.size() == 1;
  const std::size_t x = one ? 0 : 1;
  const auto row = [&](const std::vector<std::int64_t>& v, std::int64_t fallback) {
    return one ? fallback : v[0];
  };
  return {row(spatial, 1),     spatial[x],     row(w.out, 1),        w.out[x],
          row(w.kernel, 1),    w.kernel[x],    row(w.strides, 1),    w.strides[x],
          row(w.dilations, 1), w.dilations[x], row(w.pads_begin, 0), w.pads_begin[x],
          row(w.pads_end, 0),  w.pads_end[x]};
}

Window2d to_planes(const Window& w, const std::vector<std::int64_t>& spatial) {
  if (spatial.size() < 3) return to_2d(w, spatial);
  if (spatial.size() > 3) refuse("{} spatial dimensions are not supported, only 1 to 3", spatial.size());
  Window plane;
  const auto last_two = [](const std::vector<std::int64_t>& v) {
    return std::vector<std::int64_t>(v.begin() + 1, v.end());
  };
  plane.kernel = last_two(w.kernel);
  plane.strides = last_two(w.strides);
  plane.dilations = last_two(w.dilations);
  plane.pads_begin = last_two(w.pads_begin);
  plane.pads_end = last_two(w.pads_end);
  plane.out = last_two(w.out);
  Window2d rows = to_2d(plane, last_two(spatial));
  rows.planes = {spatial[0],     w.out[0],        w.kernel[0],  w.strides[0],
                 w.dilations[0], w.pads_begin[0], w.pads_end[0]};
  rows.in_h *= spatial[0];
  rows.out_h *= w.out[0];
  rows.k_h *= w.kernel[0];
  return rows;
}

PlaneRow source_place(const Window2d& w, std::int64_t oy, std::int64_t ky) {
  const Planes p = w.planes.value_or(Planes{});
  const std::int64_t out_h = w.out_h / p.out, k_h = w.k_h / p.k;
  return {oy / out_h * p.stride + ky / k_h * p.dil - p.pad_front,
          oy % out_h * w.stride_h + ky % k_h * w.dil_h - w.pad_top};
}

std::int64_t source_row(const Window2d& w, std::int64_t oy, std::int64_t ky) {
  const std::int64_t planes = w.planes.value_or(Planes{}).in, in_h = w.in_h / planes;
  const auto [plane, row] = source_place(w, oy, ky);
  return plane < 0 || plane >= planes || row < 0 || row >= in_h ? -1 : plane * in_h + row;
}

bool ends_in_padding(const Window2d& w, std::int64_t oy, std::int64_t ky) {
  const Planes p = w.planes.value_or(Planes{});
  const auto [plane, row] = source_place(w, oy, ky);
  return plane < p.in + p.pad_back && row < w.in_h / p.in + w.pad_bottom;
}

bool all_ones(const std::vector<std::int64_t>& values) {
  return std::all_of(values.begin(), values.end(), [](std::int64_t v) { return v == 1; });
}

std::int64_t largest_of(const std::vector<std::int64_t>& values) {
  return *std::max_element(values.begin(), values.end());
}

bool has_no_pads(const Window& w) {
  const auto none = [](std::int64_t pad) { return pad == 0; };
  return std::all_of(w.pads_begin.begin(), w.pads_begin.end(), none) &&
         std::all_of(w.pads_end.begin(), w.pads_end.end(), none);
}

bool covers_image(const Window& w, const std::vector<std::int64_t>& spatial) {
  return w.kernel == spatial && has_no_pads(w) && all_ones(w.strides);
}

void add_window(Call& call, const Window2d& w) {
  for (const auto& [name, value] : {std::pair{"in_h", w.in_h},
                                    {"in_w", w.in_w},
                                    {"out_h", w.out_h},
                                    {"out_w", w.out_w},
                                    {"k_h", w.k_h},
                                    {"k_w", w.k_w},
                                    {"stride_h", w.stride_h},
                                    {"stride_w", w.stride_w},
                                    {"dil_h", w.dil_h},
                                    {"dil_w", w.dil_w},
                                    {"pad_top", w.pad_top},
                                    {"pad_left", w.pad_left}})
    call.params.push_back(param(name, value));
  if (const auto& p = w.planes)
    call.params.push_back({"onnx2mcu::Planes", "planes",
                           fmt::format("{{{}, {}, {}, {}, {}, {}, {}}}", p->in, p->out, p->k, p->stride,
                                       p->dil, p->pad_front, p->pad_back)});
}

std::vector<std::int64_t> spatial_dims(const Shape& shape, bool channels_last) {
  if (shape.size() < 3)
    refuse("input shape {} has no spatial dimension, expected [N, C, …]", to_string(shape));
  const auto first = shape.begin() + (channels_last ? 1 : 2);
  return {first, shape.end() - (channels_last ? 1 : 0)};
}

std::int64_t channels_of(const Shape& shape, bool channels_last) {
  if (shape.size() < 2) refuse("input shape {} has no channels, expected [N, C, …]", to_string(shape));
  return channels_last ? shape.back() : shape[1];
}

Shape image_shape(std::int64_t n, std::int64_t channels, const std::vector<std::int64_t>& spatial,
                  bool channels_last) {
  Shape shape{n};
  if (!channels_last) shape.push_back(channels);
  shape.insert(shape.end(), spatial.begin(), spatial.end());
  if (channels_last) shape.push_back(channels);
  return shape;
}

}  // namespace o2m
