// Depthwise convolutions as runtime/onnx2mcu/packed_depthwise.hpp wants them: the order of the weights, and
// how many rows of output go together.
#pragma once

#include "ops/quantized_conv.hpp"

namespace o2m {

/// Words of two neighbouring weights by channel and kernel row: (0, 1), (2, 3), …, then (1, 2), (3, 4), …;
/// times 2^scale_bits.
std::vector<std::int32_t> depthwise_words(const QuantizedWeights& w, std::int64_t k_w, int scale_bits);

/// Cells of a plane for `band` rows of output, by the params of the call.
std::int64_t plane_elements(const Call& call, std::int64_t band);
/// As many rows of output as fit 2 KiB of cells of `bytes` bytes, all bands about the same; at least 1.
std::int64_t choose_band(const Call& call, std::int64_t bytes);

}  // namespace o2m
