// Lowering of element-wise operators with two operands: the loop nest of runtime/onnx2mcu/broadcast.hpp.
#pragma once

#include "ops/lower.hpp"

namespace o2m {

/// Params size, a_step, b_step of `call`, whose reads are operands of these shapes and whose write has shape
/// `y`; and the operands the result may replace in place.
void add_broadcast(Call& call, const Shape& a, const Shape& b, const Shape& y);

}  // namespace o2m
