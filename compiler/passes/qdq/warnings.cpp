// Differences from ONNX Runtime that fold_qdq can see coming.

#include <algorithm>

#include "passes/qdq/pairs.hpp"
#include "passes/qdq/steps.hpp"

namespace o2m {
namespace {

/// VPMADDUBSW adds two products u8 * s8 in int16: the sum of two neighbouring weights may not exceed 128.
constexpr std::int64_t pair_limit = 32767 / 255;

/// The int8 weights of a fused node as rows along k, the summed dimension, and the step between neighbours in
/// k.
bool pairs_saturate(const Tensor& w, std::int64_t outputs, bool k_first) {
  const std::int64_t k = w.count() / outputs;
  for (std::int64_t o = 0; o < outputs; ++o)
    for (std::int64_t i = 0; i + 1 < k; i += 2) {
      const auto at = [&](std::int64_t j) {
        return std::abs(w.integer(k_first ? j * outputs + o : o * k + j));
      };
      if (at(i) + at(i + 1) > pair_limit) return true;
    }
  return false;
}

bool could_saturate(const Graph& graph, const Node& node) {
  const bool conv = node.is("QLinearConv"), gemm = node.is("QGemm", "com.microsoft");
  const bool to_float = node.is("MatMulIntegerToFloat", "com.microsoft");
  if (!conv && !gemm && !node.is("QLinearMatMul") && !to_float) return false;
  const Tensor* w = graph.constant(node.inputs[to_float ? 1 : 3]);
  if (!w || w->type != DType::int8 || w->shape.size() < 2 || graph[node.inputs[0]].type != DType::uint8)
    return false;
  const bool rows = conv || (gemm && node.attr("transB", 0) != 0);
  return pairs_saturate(*w, rows ? w->shape.front() : w->shape.back(), !rows);
}

/// ONNX Runtime quantizes the activations of a MatMul or Gemm whose weights alone are quantized
/// (MatMulNBits).
bool becomes_matmul_nbits(const Graph& graph, const Uses& uses, const Node& node) {
  if (!node.is("MatMul") && !node.is("Gemm")) return false;
  const auto dq_before = [&](std::size_t slot) {
    const int n = node.has_input(slot) ? uses.producer[index(node.inputs[slot])] : -1;
    return n >= 0 && is_dq(graph.nodes[static_cast<std::size_t>(n)])
               ? &graph.nodes[static_cast<std::size_t>(n)]
               : nullptr;
  };
  const Node* w = dq_before(1);
  return w && !dq_before(0) && graph.constant(w->inputs[0]) && graph.shape(w->inputs[0]).size() == 2 &&
         node.attr("transA", 0) == 0 && node.attr("transB", 0) == 0;
}

}  // namespace

void warn_about_differences(const Graph& graph, Diagnostics& diagnostics) {
  const Uses uses(graph);
  const Node* saturating = nullptr;
  for (const Node& node : graph.nodes) {
    if (!saturating && could_saturate(graph, node)) saturating = &node;
    if (becomes_matmul_nbits(graph, uses, node))
      diagnostics.warning({describe(graph, node),
                           "only its weights are quantized; ONNX Runtime quantizes the activations too while "
                           "it runs, this compiler computes in float",
                           {},
                           "quantize the activations as well, statically or dynamically"});
  }
  if (saturating)
    diagnostics.warning({describe(graph, *saturating),
                         "neighbouring weights add up to more than 128: ONNX Runtime saturates their "
                         "products on x86 CPUs with AVX2 but without VNNI; "
                         "the generated code never does",
                         {},
                         "compare on a CPU with VNNI, or with session.x64quantprecision set to 1"});
}

}  // namespace o2m
