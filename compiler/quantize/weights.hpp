// Weights and biases in integers, and the two corrections that only change float constants: cross-layer
// equalization and bias correction.
#pragma once

#include "quantize/plan.hpp"

namespace o2m {

/// Symmetric: w ≈ values * scale, one scale per output channel or one in all.
struct QuantizedConstant {
  Tensor values;
  std::vector<float> scales;
};

/// The scale of each channel has the least squared error; it is no smaller than the bias needs to fit int32
/// in units of x_scale * scale.
QuantizedConstant quantize_weights(const Weights& w, DType type, bool per_channel, float x_scale);
QuantizedConstant quantize_bias(const Tensor& bias, const std::vector<float>& w_scales, float x_scale);

/// The weights that `q` stands for.
Tensor dequantized(const Weights& w, const QuantizedConstant& q);

/// Moves scale between neighbouring products, channel by channel, so that the weights of both use their range
/// alike (Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias Correction", 2019).
/// Returns how many pairs there were. The network computes the same but for rounding.
int equalize(Graph& graph);

/// Subtracts from each bias what rounding the weights adds to the layer's mean output on the samples (same
/// paper).
void correct_biases(Graph& graph, const QuantizationPlan& plan, const std::vector<Sample>& samples,
                    const ProgressReport& progress);

}  // namespace o2m
