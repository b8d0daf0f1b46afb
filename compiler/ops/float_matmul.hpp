// What the float matrix products Gemm and MatMul have in common when they are lowered.
#pragma once

#include "ops/lower.hpp"

namespace o2m {

struct FloatProduct {
  std::int64_t m, kernel_m, k, n;  ///< kernel_m: of the m rows, those that ONNX Runtime computes in one go
  bool transposed_a = false, transposed_b = false;
  float alpha = 1.0F, beta = 1.0F;
};

/// Starts the call of kernel `kernel` (float_matmul.hpp) for inputs 0 and 1, with the output and the params
/// they need. Our own attribute a_channels = C: each row of a lies as [k / C][C], while b's rows are in the
/// order [C][k / C].
Call float_product_call(LowerContext& c, const FloatProduct& p, const char* kernel);

}  // namespace o2m
