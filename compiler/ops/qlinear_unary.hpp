// QLinearSigmoid and QLinearLeakyRelu: X, X_scale, X_zero_point, Y_scale, Y_zero_point; a table of 256
// entries.
#pragma once

#include "ops/table.hpp"

namespace o2m {

inline void infer_qlinear_unary(InferContext& c) {
  if (!is_8bit(c.type(0))) refuse("X is {}, only int8 and uint8 are supported", to_string(c.type(0)));
  for (const std::size_t i : {2, 4})
    if (c.has(i) && c.type(i) != c.type(0))
      refuse("input {} is {}, expected {} as X", i, to_string(c.type(i)), to_string(c.type(0)));
  c.set(0, c.type(0), c.shape(0));
}

inline void lower_qlinear_unary(LowerContext& c, const std::function<float(float)>& f) {
  lower_lookup(c, 0,
               make_table(c.in(0).type, read_quantization(c, 1, "X_scale", "X_zero_point"),
                          read_quantization(c, 3, "Y_scale", "Y_zero_point"), f));
}

}  // namespace o2m
