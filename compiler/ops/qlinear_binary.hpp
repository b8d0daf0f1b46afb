// What QLinearAdd and QLinearMul share. Inputs: A, A_scale, A_zero_point, B, B_scale, B_zero_point, C_scale, C_zero_point.
#pragma once

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

}  // namespace o2m
