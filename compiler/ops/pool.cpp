#include "ops/pool.hpp"

#include <algorithm>

namespace o2m {

PoolImage pool_image(const Node& node, const Shape& x) {
  PoolImage image{channels_of(x, channels_last(node)), spatial_dims(x, channels_last(node))};
  if (x[0] != 1) refuse("batch {} is not supported, only 1", x[0]);
  return image;
}

Window pool_window(const Node& node, const PoolImage& image) {
  const auto kernel = node.attr_ints("kernel_shape");
  if (!kernel) refuse("the attribute kernel_shape is missing");
  Window w = resolve_window(node, image.spatial, *kernel);
  const bool dilated =
      std::any_of(w.dilations.begin(), w.dilations.end(), [](std::int64_t d) { return d != 1; });
  // ONNX Runtime leaves the dilations out of its padding, against the specification.
  if (dilated && node.attr_string("auto_pad", "NOTSET").rfind("SAME", 0) == 0)
    refuse("auto_pad {} with dilations {} is not supported, only explicit pads",
           node.attr_string("auto_pad", ""), to_string(w.dilations));
  return w;
}

static void infer_float(InferContext& c, const PoolImage& image, const std::vector<std::int64_t>& out) {
  if (c.type(0) != DType::float32) refuse("x is {}, only float32 is supported", to_string(c.type(0)));
  c.set(0, DType::float32, pool_shape(c.node, image, out));
}

void infer_float_pool(InferContext& c) {
  const PoolImage image = pool_image(c.node, c.shape(0));
  infer_float(c, image, pool_window(c.node, image).out);
}

void infer_global_float_pool(InferContext& c) {
  const PoolImage image = pool_image(c.node, c.shape(0));
  infer_float(c, image, std::vector<std::int64_t>(image.spatial.size(), 1));
}

Shape pool_shape(const Node& node, const PoolImage& image, const std::vector<std::int64_t>& out) {
  return image_shape(1, image.channels, out, channels_last(node));
}

Window2d lowered_window(const Node& node, const PoolImage& image, const Window& window) {
  if (!channels_last(node))
    refuse("{} spatial dimensions are not supported, only 1 or 2", image.spatial.size());
  return to_2d(window, image.spatial);
}

Window2d lowered_planes(const Node& node, const PoolImage& image, const Window& window) {
  if (!channels_last(node))
    refuse("{} spatial dimensions are not supported, only 1 to 3", image.spatial.size());
  return to_planes(window, image.spatial);
}

Window whole_image(const PoolImage& image) {
  const std::vector<std::int64_t> ones(image.spatial.size(), 1), zeros(image.spatial.size(), 0);
  return {image.spatial, ones, ones, zeros, zeros, ones};
}

}  // namespace o2m
