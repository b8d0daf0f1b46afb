// Shapes of a matrix product with NumPy's rules (ONNX MatMul, QLinearMatMul, MatMulInteger): batches
// broadcast, a one-dimensional operand is a row or a column.
#pragma once

#include "ops/lower.hpp"

namespace o2m {

struct MatrixProduct {
  std::int64_t m, k, n;
  Shape batch;                               ///< loops over matrices; empty when b is one matrix for all
  std::vector<std::int64_t> a_step, b_step;  ///< of each loop, in elements
  Shape out;
};

MatrixProduct matrix_product(Shape a, Shape b);

/// Params m, k, n, batch, a_batch, b_batch of the kernel for two operands as they lie (matmul_integer.hpp).
void add_matrix_product(Call& call, const MatrixProduct& p);

}  // namespace o2m
