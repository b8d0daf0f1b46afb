// Weights for the kernels of runtime/onnx2mcu/packed_mac.hpp: rows in pairs, two inputs a word, in the order
// in which the kernel meets them; and the proof that a pair may share its halfwords.
#pragma once

#include <span>

#include "ops/quantization.hpp"

namespace o2m {

/// The two taps whose weights make up one word; -1 stands for the weight 0.
struct TapPair {
  std::int64_t lower, upper;
};

struct PackingOrder {
  std::vector<TapPair> steps;
  std::int64_t steps_together;  ///< so many steps of one pair of rows follow each other, then the next pair's
  std::int64_t rows_together;   ///< rows of a block: a power of 2; the last rows go in blocks of half the
                                ///< size, and so on
};

struct PackedWeights {
  bool packed;  ///< 256 * wA + wB in each halfword; else plain halfwords of A and of B
  std::vector<std::int32_t> words;
  std::vector<std::int32_t> bias;  ///< what the kernel's accumulators start from
  std::string reason;              ///< for inspect
};

PackedWeights pack_weights(const QuantizedWeights& weights, const Accumulators& acc,
                           const PackingOrder& order);

/// The params packed, weights and bias, and the weight bytes.
void add_packed_weights(LowerContext& c, Call& call, const PackedWeights& packed);

}  // namespace o2m
