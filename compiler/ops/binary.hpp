// Lowering of element-wise operators with two operands: one call of runtime/onnx2mcu/binary.hpp.
#pragma once

#include <string>

#include "ops/lower.hpp"

namespace o2m {

struct BinaryOperand {
  Operand value;
  const Shape& shape;
};

/// y = onnx2mcu::ops::`function`(a, b); the shapes broadcast to `y_shape`.
void lower_binary(LowerContext& c, const std::string& function, const BinaryOperand& a,
                  const BinaryOperand& b, BufferId y, const Shape& y_shape);

/// Output 0 = function(input 0, input 1).
void lower_binary(LowerContext& c, const std::string& function);

}  // namespace o2m
