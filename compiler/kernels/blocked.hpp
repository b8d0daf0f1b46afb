// Weights for the kernels of runtime/onnx2mcu/blocked_*.hpp: bytes, in the order in which the kernel meets
// them.
#pragma once

#include "ops/quantization.hpp"

namespace o2m {

/// Whether to keep blocks of outputs in registers without SIMD: on a core whose compiler cannot vectorize
/// simple loops.
bool wants_blocks(LowerContext& c);

/// blocked_fully_connected: rows of a block, an even number, chosen so that the last block is not much
/// smaller.
std::int64_t rows_of_a_block(std::int64_t rows);
std::vector<std::int8_t> block_product_weights(const QuantizedWeights& w, std::int64_t block);
/// What its sums begin from: int8 inputs are taken 128 larger than they are.
std::vector<std::int32_t> block_product_bias(const QuantizedWeights& w, std::vector<std::int32_t> bias,
                                             DType x_type);

/// Two rows of weights at a time for blocked_conv2d (runtime/onnx2mcu/blocked_conv2d.hpp has the idea).
struct PairedWeights {
  std::vector<std::int8_t> words;         ///< [pairs of rows][words][4]
  std::vector<std::uint32_t> extras;      ///< of all pairs, one after the other
  std::vector<std::int32_t> first_extra;  ///< [pairs + 1]
  std::int64_t most_extras = 0;           ///< of a pair
  std::vector<std::int32_t> bias;         ///< by row: what the sum of the upper halves lacks
};

/// In place of a tap: the cell of the first tap of its column once more, for what that one's weight lacks.
inline constexpr std::int64_t copied_tap = -1;

/// `halves` lists the taps of a window in the order of the patch's halfwords, an even number, `column` of
/// them for each column.
PairedWeights pair_weights(const QuantizedWeights& w, const Accumulators& acc,
                           const std::vector<std::int64_t>& halves, std::size_t column, DType x_type);

/// A loop over `words` words is written as `rounds` times `steps`, which may be a few more.
struct Rounds {
  std::int64_t steps, rounds;
};
Rounds choose_rounds(std::int64_t words);

}  // namespace o2m
