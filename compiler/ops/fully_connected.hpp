// What QGemm and QLinearMatMul lower to when their second operand is constant.
#pragma once

#include "ops/quantization.hpp"

namespace o2m {

struct FullyConnected {
  std::int64_t rows, in, out;
  QuantizedWeights weights;        ///< [out][in]
  std::vector<std::int32_t> bias;  ///< empty or one per output
  std::vector<float> scales;       ///< of the accumulator in steps of y: one or one per output
  std::int32_t x_zero_point, y_zero_point;
};

/// Weights and bias for the packed_… kernels of runtime/onnx2mcu/packed_fully_connected.hpp.
void add_packed_product(LowerContext& c, Call& call, const QuantizedWeights& weights,
                        const Accumulators& acc);

/// Adds the kernel call that reads `x`. A float output is the accumulator times its scale.
void lower_fully_connected(LowerContext& c, const FullyConnected& f, Operand x);

}  // namespace o2m
