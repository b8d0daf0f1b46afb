// Resize and Upsample resolved: sizes, scales and, per axis, where each output element comes from, by the
// float arithmetic of ONNX Runtime (upsamplebase.h, upsample.cc, upsample_antialias.h).
#pragma once

#include <string>
#include <vector>

#include "ir/graph.hpp"

namespace o2m {

struct ResizeAxis {
  std::int64_t in, out;
  float scale = 1, roi_start = 0, roi_end = 1;
};

struct Resize {
  std::string mode, coordinates, nearest;  ///< as the attributes spell them; nearest "simple" before opset 11
  float cubic_a = -0.75F, outside = 0;     ///< outside: extrapolation_value
  bool exclude_outside = false, antialias = false;
  bool crops = false;            ///< tf_crop_and_resize: elements outside x get `outside`
  std::vector<ResizeAxis> axes;  ///< all axes, in ONNX's order even where the node is channels_last

  bool copies() const;  ///< no axis changes its size: ONNX Runtime copies then
};

/// Reads and checks the node; x's shape must be known.
Resize resolve_resize(const Graph& graph, const Node& node);

/// Index of the element each output takes; -1: outside.
std::vector<std::int64_t> nearest_elements(const Resize& r, const ResizeAxis& axis);

/// Two elements and their weights for each output; first = -1: outside.
struct LinearAxis {
  std::vector<std::int64_t> first, second;
  std::vector<float> weights;  ///< 2 per output
};
enum class LinearForm {
  plain,
  in_1024ths,  ///< coordinates are cut to 1/1024 first: 8-bit images with their channels last
  blocked,     ///< behind a convolution in ONNX Runtime's blocked layout: other weights at the border
};
LinearAxis linear_axis(const Resize& r, const ResizeAxis& axis, LinearForm form);

/// Does ONNX Runtime's blocked layout know this Resize, if its input has that layout?
bool has_blocked_form(const Graph& graph, const Node& node);

/// Runs of taps: `window` weights per output, of which `count` are used, from element `at` on.
struct TapAxis {
  std::vector<std::int64_t> at, count, outside;
  std::vector<float> taps, sums;
  std::int64_t window = 4;
};
/// Cubic: element `at - 1` is the first of four; taps are not divided by their sum.
TapAxis cubic_axis(const Resize& r, const ResizeAxis& axis);
TapAxis antialias_axis(const Resize& r, const ResizeAxis& axis);

}  // namespace o2m
