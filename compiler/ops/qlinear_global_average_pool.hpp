// QLinearGlobalAveragePool's call, which QLinearAveragePool shares when its window is the whole image.
#pragma once

#include "ops/pool.hpp"

namespace o2m {

/// Inputs 0…4 of the node: x, x_scale, x_zero_point, y_scale, y_zero_point.
void lower_global_average_pool(LowerContext& c, const PoolImage& image);

/// Refuses an x or y_zero_point that is not 8-bit, or y of another type than x; returns that type.
DType infer_pooled_type(const InferContext& c);

}  // namespace o2m
