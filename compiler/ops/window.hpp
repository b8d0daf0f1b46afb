// Sliding windows: the geometry that convolutions and pools share (kernel_shape, strides, dilations, pads,
// auto_pad, ceil_mode), resolved to explicit numbers and normalized to two spatial dimensions (1-D: height
// 1).
#pragma once

#include <cstdint>
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

/// Height/width view of the geometry, as the kernels take it.
struct Window2d {
  std::int64_t in_h, in_w, out_h, out_w, k_h, k_w, stride_h, stride_w, dil_h, dil_w, pad_top, pad_left,
      pad_bottom, pad_right;
};

/// Refuses more than two spatial dimensions.
Window2d to_2d(const Window& window, const std::vector<std::int64_t>& spatial);

/// Params in_h, in_w, out_h, out_w, k_h, k_w, stride_h, stride_w, dil_h, dil_w, pad_top, pad_left.
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
