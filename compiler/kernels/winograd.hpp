// Weights for runtime/onnx2mcu/winograd_conv2d.hpp: 16 transformed weights instead of the nine of a 3 x 3
// window, in integers, and the proof that nothing overflows.
#pragma once

#include "ops/quantized_conv.hpp"

namespace o2m {

/// Whether the form of the layer asks for Winograd's algorithm, and it is a convolution for that.
bool wants_winograd(LowerContext& c, const QuantizedConv& conv, const Accumulators& acc);

/// Whether its weights stay 8-bit, to be transformed on every run: a quarter of the flash, more RAM. Faster
/// where flash is far away and transformed weights do not fit the cache.
bool keeps_winograd_bytes(LowerContext& c, const QuantizedConv& conv);

/// [pairs of channels][16][pairs of inputs][2 channels] words of two inputs each.
std::vector<std::int32_t> winograd_weights(const QuantizedConv& conv);
/// [channels][inputs / 4][9][4]: the model's own, in the order in which they are transformed.
std::vector<std::int8_t> winograd_bytes(const QuantizedConv& conv);

/// Completes `call`: scratch, weights, bias.
void add_winograd(LowerContext& c, Call& call, const QuantizedConv& conv, const Accumulators& acc);

}  // namespace o2m
