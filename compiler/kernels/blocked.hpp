// Weights for the kernels of runtime/onnx2mcu/blocked_*.hpp: bytes, in the order in which the kernel meets them.
#pragma once

#include "ops/quantization.hpp"

namespace o2m {

/// Whether to keep blocks of outputs in registers without SIMD: on a core whose compiler cannot vectorize simple loops.
bool wants_blocks(LowerContext& c);

/// blocked_fully_connected: rows of a block, chosen so that the last block is not much smaller.
std::int64_t rows_of_a_block(std::int64_t rows);
std::vector<std::int8_t> block_product_weights(const QuantizedWeights& w, std::int64_t block);

/// blocked_conv2d: `order` lists the taps as the kernel's window has them. -> pairs of rows, [taps][2], on words.
std::vector<std::int8_t> block_conv_weights(const QuantizedWeights& w, const std::vector<std::int64_t>& order);

/// The params weights and bias, and the weight bytes.
void add_blocked_weights(LowerContext& c, Call& call, const std::vector<std::int8_t>& weights, const std::vector<std::int32_t>& bias);

}  // namespace o2m
