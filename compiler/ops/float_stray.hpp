// How far ONNX Runtime's float result of a product between DequantizeLinear and QuantizeLinear can stray from
// the exact one: rigorous bounds, from the roundings of the factors, the products and all partial sums.
#pragma once

#include "ops/guarded.hpp"

namespace o2m {

/// The float result less the exact one, in real value, lies within `width` of `middle`.
struct Stray {
  double middle = 0, width = 0;
};

/// How far from 0 that is for channel c and any inputs.
double stray_anywhere(const GuardedProduct& p, std::int64_t c);

/// The same for inputs whose exact result is within `margin` steps of y's range, for others saturate. margin:
/// more than stray_anywhere() in steps. With the rounding of the division by y_scale.
Stray stray_in_reach(const GuardedProduct& p, std::int64_t c, std::int64_t margin);

}  // namespace o2m
