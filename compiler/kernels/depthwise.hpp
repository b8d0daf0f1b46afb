// Depthwise convolutions as runtime/onnx2mcu/packed_depthwise.hpp wants them: the order of the weights, how many rows of
// output go together, and a requantization whose proof counts on weights that are scaled up beforehand.
#pragma once

#include "ops/quantized_conv.hpp"

namespace o2m {

/// The weights are multiplied by 2^bits, so that the upper word of sum * multiplier keeps bits of its fraction: as many as
/// halfwords hold and sums of int32 allow. 0: none.
int depthwise_scale_bits(const QuantizedWeights& w, const Accumulators& acc);

/// Words of two neighbouring weights by channel and kernel row: (0, 1), (2, 3), …, then (1, 2), (3, 4), …
std::vector<std::int32_t> depthwise_words(const QuantizedWeights& w, std::int64_t k_w, int scale_bits);

/// Cells of a plane for `band` rows of output, by the params of the call.
std::int64_t plane_elements(const Call& call, std::int64_t band);
/// As many rows of output as fit 2 KiB of cells of `bytes` bytes, all bands about the same; at least 1.
std::int64_t choose_band(const Call& call, std::int64_t bytes);

/// Adds the params of the requantization: the upper word of the scaled sum's product where that is proven equal on every
/// reachable sum, else float, channel by channel; and what the sums start from.
void add_depthwise_requantization(LowerContext& c, Call& call, const std::vector<float>& scales, std::int32_t y_zero_point,
                                  DType y_type, const Accumulators& acc);

}  // namespace o2m
