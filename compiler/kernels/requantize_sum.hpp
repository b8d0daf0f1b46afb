// The requantization of runtime/onnx2mcu/requantize_sum.hpp and of depthwise kernels: its proof counts on
// sums that are scaled up beforehand.
#pragma once

#include "ops/quantization.hpp"

namespace o2m {

/// Sums are multiplied by 2^bits, so that the upper word of sum * multiplier keeps bits of its fraction: as
/// many as sums of int32 allow, and halfwords, in which some kernels keep the scaled weights. 0: none.
int sum_scale_bits(const QuantizedWeights& w, const Accumulators& acc);

/// Adds the params of the requantization: the upper word of the scaled sum's product where that is proven
/// equal on every reachable sum, else float, channel by channel; and what the sums start from. The call has
/// its param scale_bits.
void add_sum_requantization(LowerContext& c, Call& call, const std::vector<float>& scales,
                            std::int32_t y_zero_point, DType y_type, const Accumulators& acc);

}  // namespace o2m
