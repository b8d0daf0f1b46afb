// What the pools share: the image they slide over and the geometry params of their kernels.
#pragma once

#include "ops/lower.hpp"
#include "ops/window.hpp"

namespace o2m {

struct PoolImage {
  std::int64_t channels;
  std::vector<std::int64_t> spatial;
};

/// Refuses a batch other than 1.
PoolImage pool_image(const Node& node, const Shape& x);

/// The window of a pool with attribute kernel_shape.
Window pool_window(const Node& node, const PoolImage& image);

/// Output of a pool of float32 with attribute kernel_shape, and of one over the whole image.
void infer_float_pool(InferContext& c);
void infer_global_float_pool(InferContext& c);

/// Output shape of a pool over `image`, in the node's layout.
Shape pool_shape(const Node& node, const PoolImage& image, const std::vector<std::int64_t>& out);

/// Refuses an image that the layout pass left channels-first, and more than two spatial dimensions; the
/// second one takes three.
Window2d lowered_window(const Node& node, const PoolImage& image, const Window& window);

Window2d lowered_planes(const Node& node, const PoolImage& image, const Window& window);

/// The window that covers the whole image.
Window whole_image(const PoolImage& image);

/// The call of MaxPool and GlobalMaxPool for x of int8, uint8 or float32.
void lower_max_pool(LowerContext& c, const PoolImage& image, const Window& window);

}  // namespace o2m
