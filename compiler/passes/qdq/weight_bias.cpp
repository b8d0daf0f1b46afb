// Float weights and biases of a Conv or Gemm that stands between a DQ and a Q are quantized: weights per
// tensor to int8, the bias to int32 with the scale of the accumulators (WeightBiasQuantization).

#include <algorithm>
#include <cmath>
#include <limits>

#include "ops/op.hpp"
#include "passes/qdq/pairs.hpp"
#include "passes/qdq/steps.hpp"

namespace o2m {
namespace {

/// A Q is reached through Relus and Clips alone, each the only reader of the one before.
bool leads_to_q(const Rewriter& r, int n) {
  for (;;) {
    if (r.node(n).outputs.size() != 1 || r.readers(r.node(n).outputs[0]).size() != 1) return false;
    n = r.readers(r.node(n).outputs[0]).front().node;
    if (is_q(r.node(n))) return true;
    if (!r.node(n).is("Relu") && !r.node(n).is("Clip")) return false;
  }
}

/// int8 scale and zero point over the range of the values and 0 (GetQuantizationParameter).
PerTensor quantization_of(std::span<const float> values) {
  float low = 0, high = 0;
  for (const float v : values) {
    low = std::min(low, v);
    high = std::max(high, v);
  }
  PerTensor p{high == low ? 1.0F : (high - low) / 255.0F, 0, true};
  p.zero_point =
      static_cast<std::int64_t>(std::nearbyint(std::clamp(-128.0F - low / p.scale, -128.0F, 127.0F)));
  return p;
}

/// CVTTSS2SI: what int32 cannot hold becomes the smallest int32.
std::int32_t to_int32(float v) {
  return v >= -2147483648.0F && v < 2147483648.0F ? static_cast<std::int32_t>(v)
                                                  : std::numeric_limits<std::int32_t>::min();
}

/// The per-channel scales of a weight DQ lie on the axis of the output channels and match the bias.
bool scales_fit(const Graph& graph, const Node& node, const Node& dq, std::int64_t bias_size) {
  const Shape& scale = graph.shape(dq.inputs[scale_slot]);
  if (scale.size() != 1 || scale[0] != bias_size || dq.attr("block_size", 0) != 0) return false;
  const std::size_t rank = graph.shape(dq.inputs[0]).size();
  const std::size_t expected = node.is("Gemm") && node.attr("transB", 0) == 0 ? 1 : 0;
  return normalize_axis(dq.attr("axis", 1), rank) == expected;
}

/// Replaces the float weights of node `n` by int8 behind a DQ; returns their scale.
ValueId quantize_weights(Rewriter& r, int n) {
  const ValueId w = r.node(n).inputs[1];
  const Tensor& floats = *r.graph.constant(w);
  const PerTensor p = quantization_of(floats.as<float>());
  Tensor q = make_tensor(DType::int8, floats.shape);
  for (std::size_t i = 0; i < q.bytes.size(); ++i) {
    const float scaled = std::clamp(floats.as<float>()[i] / p.scale, static_cast<float>(-128 - p.zero_point),
                                    static_cast<float>(127 - p.zero_point));
    q.as<std::int8_t>()[i] =
        static_cast<std::int8_t>(static_cast<std::int64_t>(std::nearbyint(scaled)) + p.zero_point);
  }
  const ValueId scale = r.new_constant(w, "scale", scalar_tensor(p.scale));
  const ValueId zero_point = r.new_constant(w, "zero_point", scalar_tensor(DType::int8, p.zero_point));
  const ValueId quantized = r.new_constant(w, "quantized", std::move(q));
  const ValueId dequantized = r.new_value(w, "dequantized", DType::float32);
  r.add({"DequantizeLinear", "", "", r.node(n).index, {quantized, scale, zero_point}, {dequantized}, {}}, n);
  r.set_input(n, 1, dequantized);
  return scale;
}

/// bias / (x_scale * w_scale), rounded half to even, behind a DQ.
void quantize_bias(Rewriter& r, int n, ValueId x_scale, ValueId w_scale) {
  const ValueId b = r.node(n).inputs[2];
  const auto bias = r.graph.constant(b)->as<float>();
  Tensor scales = *r.graph.constant(w_scale);
  for (float& s : scales.as<float>()) s = r.graph.constant(x_scale)->as<float>()[0] * s;
  Tensor q = make_tensor(DType::int32, r.graph.constant(b)->shape);
  for (std::size_t i = 0; i < bias.size(); ++i)
    q.as<std::int32_t>()[i] =
        to_int32(std::nearbyint(bias[i] / scales.as<float>()[scales.count() == 1 ? 0 : i]));
  std::map<std::string, Attribute> attributes;
  if (scales.count() != 1) attributes["axis"] = std::int64_t{0};
  const ValueId quantized = r.new_constant(b, "quantized", std::move(q));
  const ValueId scale = r.new_constant(b, "scale", std::move(scales));
  const ValueId dequantized = r.new_value(b, "dequantized", DType::float32);
  r.add(
      {"DequantizeLinear", "", "", r.node(n).index, {quantized, scale}, {dequantized}, std::move(attributes)},
      n);
  r.set_input(n, 2, dequantized);
}

void quantize(Rewriter& r, int n) {
  const Graph& graph = r.graph;
  const int x = r.input_node(n, 0), w = r.input_node(n, 1);
  if (x < 0 || !is_dq(r.node(x)) || !constant_scalar(graph, r.node(x), scale_slot) || !leads_to_q(r, n))
    return;
  const bool weights_quantized = w >= 0 && is_dq(r.node(w));
  const Tensor* weights = graph.constant(r.node(n).inputs[1]);
  if (!weights_quantized && (!weights || weights->type != DType::float32)) return;
  std::int64_t bias_size = -1;
  if (r.node(n).has_input(2)) {
    const Tensor* bias = graph.constant(r.node(n).inputs[2]);
    if (!bias || bias->type != DType::float32 || bias->shape.size() != 1) return;
    bias_size = bias->shape[0];
  }
  if (weights_quantized && bias_size < 0) return;
  const bool per_channel = weights_quantized && !constant_scalar(graph, r.node(w), scale_slot);
  if (per_channel &&
      (!r.is_constant(r.node(w).inputs[scale_slot]) || !scales_fit(graph, r.node(n), r.node(w), bias_size)))
    return;
  const ValueId w_scale = weights_quantized ? r.node(w).inputs[scale_slot] : quantize_weights(r, n);
  if (bias_size >= 0) quantize_bias(r, n, r.node(x).inputs[scale_slot], w_scale);
}

}  // namespace

bool quantize_weights_and_bias(Graph& graph) {
  Rewriter r(graph);
  const int count = static_cast<int>(r.size());
  for (int n = 0; n < count; ++n)
    if (r.node(n).is("Conv") || r.node(n).is("Gemm") || r.node(n).is("ConvTranspose")) quantize(r, n);
  return r.finish();
}

bool give_each_reader_its_dq(Graph& graph) {
  Rewriter r(graph);
  const int count = static_cast<int>(r.size());
  for (int n = 0; n < count; ++n) {
    if (!is_dq(r.node(n))) continue;
    const ValueId v = r.node(n).outputs[0];
    const std::vector<Edge> edges = r.readers(v);
    for (std::size_t i = r.is_output(v) ? 0 : 1; i < edges.size(); ++i) {
      const ValueId own = r.new_value(v, "again", DType::float32);
      Node copy = r.node(n);
      copy.outputs = {own};
      r.add(std::move(copy), n);
      r.set_input(edges[i].node, edges[i].slot, own);
    }
  }
  return r.finish();
}

}  // namespace o2m
