// Matrix products of 8-bit operands into int32 accumulators: MatMulInteger and MatMulIntegerToFloat.
#pragma once

#include "ops/matrix_product.hpp"

namespace o2m {

/// Which inputs of the node they are.
struct IntegerProductInputs {
  std::size_t a, b, a_zero_point, b_zero_point;
};

/// Refuses types and zero points that do not fit: a's is one element, b's one or one per column.
MatrixProduct infer_integer_product(const InferContext& c, const IntegerProductInputs& in);

/// The call named `name` that writes the accumulators to `y`. Zero points may be known at run time only.
void lower_integer_product(LowerContext& c, const IntegerProductInputs& in, const std::string& name,
                           BufferId y);

}  // namespace o2m
