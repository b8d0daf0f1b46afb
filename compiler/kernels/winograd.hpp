// Weights for runtime/onnx2mcu/winograd_conv2d.hpp: 16 transformed weights instead of the nine of a 3 x 3 window, in
// integers, and the proof that nothing overflows.
#pragma once

#include "ops/quantized_conv.hpp"

namespace o2m {

/// Whether the form of the layer asks for Winograd's algorithm, and it is a convolution for that.
bool wants_winograd(LowerContext& c, const QuantizedConv& conv, const Accumulators& acc);

/// [pairs of channels][16][pairs of inputs][2 channels] words of two inputs each.
std::vector<std::int32_t> winograd_weights(const QuantizedConv& conv);

/// Completes `call`: scratch, weights, bias.
void add_winograd(LowerContext& c, Call& call, const QuantizedConv& conv, const Accumulators& acc);

}  // namespace o2m
