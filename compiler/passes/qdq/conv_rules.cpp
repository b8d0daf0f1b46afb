// Float constants behind a convolution or matrix product become part of its weights and bias, with ONNX
// Runtime's order of float operations (ConvAddFusion, ConvMulFusion, ConvBNFusion, MatmulBNFusion).

#include <cmath>

#include "passes/qdq/rewriter.hpp"
#include "passes/qdq/steps.hpp"

namespace o2m {
namespace {

const Tensor* float_constant(const Graph& graph, const Node& node, std::size_t slot) {
  const Tensor* t = node.has_input(slot) ? graph.constant(node.inputs[slot]) : nullptr;
  return t && t->type == DType::float32 ? t : nullptr;
}

std::vector<float> floats(const Tensor& t) { return {t.as<float>().begin(), t.as<float>().end()}; }

Tensor vector_tensor(const std::vector<float>& values) {
  return make_tensor<float>(DType::float32, {static_cast<std::int64_t>(values.size())}, values);
}

/// Constant operand of the Add or Mul behind a Conv with `channels` outputs and weights of rank `rank`: one
/// value per channel, shaped [C, 1, …] or [1, C, 1, …]; a scalar too where `scalar` allows it. Empty if it is
/// none of them.
std::vector<float> channel_operand(const Tensor& t, std::int64_t channels, std::size_t rank, bool scalar) {
  if (t.shape.empty())
    return scalar ? std::vector<float>(static_cast<std::size_t>(channels), floats(t)[0])
                  : std::vector<float>{};
  if (t.shape.size() != rank && t.shape.size() != rank - 1) return {};
  Shape wanted(t.shape.size(), 1);
  wanted[t.shape.size() == rank ? 1 : 0] = channels;
  return t.shape == wanted ? floats(t) : std::vector<float>{};
}

/// scale / sqrt(var + epsilon) and the four parameters of a BatchNormalization with constant inputs.
struct Normalization {
  std::vector<float> factor, bias, mean;
};

std::optional<Normalization> normalization(const Graph& graph, const Node& bn, std::int64_t channels) {
  for (std::size_t slot = 1; slot < 5; ++slot) {
    const Tensor* t = float_constant(graph, bn, slot);
    if (!t || t->shape != Shape{channels}) return std::nullopt;
  }
  for (std::size_t o = 1; o < bn.outputs.size(); ++o)
    if (bn.outputs[o] != ValueId::none) return std::nullopt;
  Normalization result{floats(*float_constant(graph, bn, 1)), floats(*float_constant(graph, bn, 2)),
                       floats(*float_constant(graph, bn, 3))};
  const std::vector<float> variance = floats(*float_constant(graph, bn, 4));
  const float epsilon = bn.attr_float("epsilon", 1e-5F);
  for (std::size_t c = 0; c < variance.size(); ++c) result.factor[c] /= std::sqrt(variance[c] + epsilon);
  return result;
}

Tensor scaled_rows(const Tensor& w, const std::vector<float>& factor) {
  Tensor result = w;
  const std::size_t row = result.as<float>().size() / factor.size();
  for (std::size_t i = 0; i < result.as<float>().size(); ++i) result.as<float>()[i] *= factor[i / row];
  return result;
}

Tensor scaled_columns(const Tensor& w, const std::vector<float>& factor) {
  Tensor result = w;
  for (std::size_t i = 0; i < result.as<float>().size(); ++i)
    result.as<float>()[i] *= factor[i % factor.size()];
  return result;
}

struct ConvParts {
  const Tensor* weights;
  std::optional<std::vector<float>> bias;
};

/// Weights and bias of Conv node `n` if they are float constants of the usual shape.
std::optional<ConvParts> conv_parts(const Graph& graph, const Node& conv) {
  const Tensor* w = float_constant(graph, conv, 1);
  if (!w || w->shape.size() < 3) return std::nullopt;
  if (!conv.has_input(2)) return ConvParts{w, std::nullopt};
  const Tensor* b = float_constant(graph, conv, 2);
  if (!b || b->shape != Shape{w->shape[0]}) return std::nullopt;
  return ConvParts{w, floats(*b)};
}

/// New weights and bias for Conv followed by `next`, or nothing.
std::optional<std::pair<Tensor, std::optional<std::vector<float>>>> merged(const Graph& graph,
                                                                           const ConvParts& conv,
                                                                           const Node& next) {
  const std::int64_t channels = conv.weights->shape[0];
  std::optional<std::vector<float>> bias = conv.bias;
  if (next.is("BatchNormalization")) {
    const auto bn = normalization(graph, next, channels);
    if (!bn) return std::nullopt;
    std::vector<float> sum = bn->bias;
    for (std::size_t c = 0; c < sum.size(); ++c)
      sum[c] = bias ? ((*bias)[c] - bn->mean[c]) * bn->factor[c] + bn->bias[c]
                    : bn->bias[c] - bn->mean[c] * bn->factor[c];
    return std::pair(scaled_rows(*conv.weights, bn->factor), std::optional(std::move(sum)));
  }
  const bool mul = next.is("Mul");
  const Tensor* operand = mul || next.is("Add") ? float_constant(graph, next, 1) : nullptr;
  if (!operand) return std::nullopt;
  const auto values = channel_operand(*operand, channels, conv.weights->shape.size(), mul);
  if (values.empty()) return std::nullopt;
  if (!mul && !bias) return std::pair(*conv.weights, std::optional(values));
  for (std::size_t c = 0; bias && c < values.size(); ++c)
    (*bias)[c] = mul ? (*bias)[c] * values[c] : (*bias)[c] + values[c];
  return std::pair(mul ? scaled_rows(*conv.weights, values) : *conv.weights, bias);
}

/// The BatchNormalization that MatMul node `n` reaches through Reshapes and Transposes, or -1.
int normalization_behind(const Rewriter& r, int n) {
  int next = r.only_reader(n);
  while (next >= 0 && (r.node(next).is("Reshape") || r.node(next).is("Transpose")))
    next = r.only_reader(next);
  return next >= 0 && r.node(next).is("BatchNormalization") ? next : -1;
}

}  // namespace

bool fold_into_conv(Graph& graph) {
  Rewriter r(graph);
  for (int n = 0; n < static_cast<int>(r.size()); ++n) {
    while (r.alive(n) && r.node(n).is("Conv")) {
      const int next = r.only_reader(n);
      if (next < 0 || r.node(next).inputs[0] != r.node(n).outputs[0]) break;
      const auto parts = conv_parts(graph, r.node(n));
      const auto result = parts ? merged(graph, *parts, r.node(next)) : std::nullopt;
      if (!result) break;
      const ValueId name = r.node(n).outputs[0];
      r.set_input(n, 1, r.new_constant(name, "weights", result->first));
      if (result->second) r.set_input(n, 2, r.new_constant(name, "bias", vector_tensor(*result->second)));
      r.bypass(next, name);
    }
  }
  return r.finish();
}

bool fold_into_matmul(Graph& graph) {
  Rewriter r(graph);
  for (int n = 0; n < static_cast<int>(r.size()); ++n) {
    if (!r.alive(n) || !r.node(n).is("MatMul")) continue;
    const int next = normalization_behind(r, n);
    const Tensor* b = float_constant(graph, r.node(n), 1);
    if (next < 0 || !b || b->shape.size() != 2) continue;
    const auto bn = normalization(graph, r.node(next), b->shape[1]);
    if (!bn) continue;
    std::vector<float> bias = bn->bias;
    for (std::size_t c = 0; c < bias.size(); ++c) bias[c] -= bn->mean[c] * bn->factor[c];
    if (!r.bypass(next, r.node(next).inputs[0])) continue;
    Node gemm{"Gemm", "", r.node(n).name, r.node(n).index, {}, r.node(n).outputs, {}};
    const ValueId name = gemm.outputs[0];
    gemm.inputs = {r.node(n).inputs[0], r.new_constant(name, "weights", scaled_columns(*b, bn->factor)),
                   r.new_constant(name, "bias", vector_tensor(bias))};
    r.replace(n, std::move(gemm));
  }
  return r.finish();
}

}  // namespace o2m
