// What QLinearAdd and QLinearMul share. Inputs: A, A_scale, A_zero_point, B, B_scale, B_zero_point, C_scale,
// C_zero_point.
#pragma once

#include <functional>

#include "ops/lower.hpp"
#include "requantize/two_input.hpp"

namespace o2m {

struct BinaryOperand {
  QuantizedInput quantization;
  InputRange range;  ///< of the values that can occur: a constant's own, else its type's
};

struct QuantizedBinary {
  BinaryOperand a, b;
  QuantizedInput y;
  std::int32_t qmin, qmax;
};

void infer_qlinear_binary(InferContext& c);

/// Refuses scales and zero points that are not constant scalars.
QuantizedBinary read_qlinear_binary(const LowerContext& c);

/// With a constant of one element the operator is a function of one value: if so, lowers it as the table of
/// f(a, b).
bool lower_with_scalar(LowerContext& c, const std::function<std::int32_t(std::int32_t, std::int32_t)>& f);

}  // namespace o2m
