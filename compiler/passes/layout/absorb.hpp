// Matrix products that take a flattened image as it lies in memory, channels last, instead of a transposed
// copy.
#pragma once

#include "passes/layout/transpose.hpp"

namespace o2m {

/// Transpose -> Reshape to a row vector -> matrix product with constant weights: drops the Transpose. Integer
/// products get their weights' rows permuted. Float sums depend on the order of their terms: they keep ONNX's
/// order by the attribute a_channels = C, "the row lies as [k / C][C] in memory" (weights of QDQGemm are
/// permuted as well).
bool absorb_into_weights(GraphEditor& edit, const Uses& uses, std::size_t n);

}  // namespace o2m
