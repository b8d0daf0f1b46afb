// Sliding windows: the geometry that convolutions and pools share (kernel_shape, strides, dilations, pads,
// auto_pad, ceil_mode), resolved to explicit numbers and normalized to two spatial dimensions (1-D: height
// 1), or, for the kernels that take them, to planes of two.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "ops/lower.hpp"

namespace o2m {

/// All vectors have one entry per spatial dimension of the model.
struct Window {
  std::vector<std::int64_t> kernel, strides, dilations, pads_begin, pads_end, out;
};

/// `spatial` are the input's spatial dimensions. Refuses what ONNX forbids (non-positive strides, negative
/// pads, a kernel larger than the padded input, wrong attribute lengths).
Window resolve_window(const Node& node, const std::vector<std::int64_t>& spatial,
                      const std::vector<std::int64_t>& kernel);

/// The depth of three spatial dimensions (runtime/onnx2mcu/window.hpp).
struct Planes {
  std::int64_t in = 1, out = 1, k = 1, stride = 1, dil = 1, pad_front = 0, pad_back = 0;
};

/// Height/width view of the geometry, as the kernels take it.
struct Window2d {
  std::int64_t in_h, in_w, out_h, out_w, k_h, k_w, stride_h, stride_w, dil_h, dil_w, pad_top, pad_left,
      pad_bottom, pad_right;
  std::optional<Planes> planes = {};  ///< then in_h, out_h and k_h count the rows of all planes
};

/// Refuses more than two spatial dimensions.
Window2d to_2d(const Window& window, const std::vector<std::int64_t>& spatial);
/// Refuses more than three.
Window2d to_planes(const Window& window, const std::vector<std::int64_t>& spatial);

/// The place that row ky of the window under output row oy reads: its plane, and its row there. Both may lie
/// outside the image.
struct PlaneRow {
  std::int64_t plane, row;
};
PlaneRow source_place(const Window2d& w, std::int64_t oy, std::int64_t ky);
/// The same as a row of the image, counted through all planes; -1 outside.
std::int64_t source_row(const Window2d& w, std::int64_t oy, std::int64_t ky);
/// Whether that lies before the end of the padded image, which the last windows of ceil_mode may leave.
bool ends_in_padding(const Window2d& w, std::int64_t oy, std::int64_t ky);

/// The whole image is the window: no pads, no dilation, strides of 1.
bool covers_image(const Window& window, const std::vector<std::int64_t>& spatial);
/// No pads at either end of any dimension.
bool has_no_pads(const Window& window);
bool all_ones(const std::vector<std::int64_t>& values);
std::int64_t largest_of(const std::vector<std::int64_t>& values);

/// Params in_h, in_w, out_h, out_w, k_h, k_w, stride_h, stride_w, dil_h, dil_w, pad_top, pad_left; planes
/// where there are three dimensions.
void add_window(Call& call, const Window2d& window);

/// Spatial dimensions of an NCHW/NCW (or, channels_last, NHWC/NWC) shape.
std::vector<std::int64_t> spatial_dims(const Shape& shape, bool channels_last);
std::int64_t channels_of(const Shape& shape, bool channels_last);
/// Shape [n, channels, spatial…] or its channels-last form.
Shape image_shape(std::int64_t n, std::int64_t channels, const std::vector<std::int64_t>& spatial,
                  bool channels_last);
/// Our own attribute, set by the layout pass.
inline bool channels_last(const Node& node) { return node.attr("channels_last", 0) != 0; }

}  // namespace o2m
