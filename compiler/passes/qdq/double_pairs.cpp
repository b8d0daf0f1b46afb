// Q1 -> DQ1 -> Q2 -> DQ2 becomes Q1 -> DQ2 over the range both quantizations cover (DoubleQDQPairsRemover).

#include <algorithm>
#include <cmath>

#include "passes/qdq/pairs.hpp"
#include "passes/qdq/steps.hpp"

namespace o2m {
namespace {

/// Scale and zero point whose range is the intersection of two ranges, in ONNX Runtime's float arithmetic.
PerTensor common_range(const PerTensor& a, const PerTensor& b, DType type) {
  const auto bound = [&](std::int64_t q, const PerTensor& p) {
    return static_cast<float>(q - p.zero_point) * p.scale;
  };
  const float low = std::max(bound(min_of(type), a), bound(min_of(type), b));
  const float high = std::min(bound(max_of(type), a), bound(max_of(type), b));
  PerTensor result{(high - low) / static_cast<float>(max_of(type) - min_of(type)), 0, true};
  result.zero_point =
      static_cast<std::int64_t>(std::round(static_cast<float>(min_of(type)) - low / result.scale));
  return result;
}

void set_quantization(Rewriter& r, int n, const PerTensor& p) {
  const ValueId name = r.node(n).outputs[0];
  const Graph& graph = r.graph;
  Tensor scale = scalar_tensor(p.scale);
  Tensor zero_point = scalar_tensor(graph[r.node(n).inputs[zero_point_slot]].type, p.zero_point);
  scale.shape = *graph[r.node(n).inputs[scale_slot]].shape;
  zero_point.shape = *graph[r.node(n).inputs[zero_point_slot]].shape;
  r.set_input(n, scale_slot, r.new_constant(name, "scale", std::move(scale)));
  r.set_input(n, zero_point_slot, r.new_constant(name, "zero_point", std::move(zero_point)));
}

bool reduce(Rewriter& r, int q1) {
  const Graph& graph = r.graph;
  if (!is_q(r.node(q1))) return false;
  const int dq1 = r.only_reader(q1);
  if (dq1 < 0 || !is_dq(r.node(dq1)) || !same_quantization(graph, r.node(q1), r.node(dq1))) return false;
  const int q2 = r.only_reader(dq1);
  if (q2 < 0 || !is_q(r.node(q2)) || r.makes_output(q2)) return false;
  const DType type = quantized_type(graph, r.node(q1));
  if (quantized_type(graph, r.node(q2)) != type || size_of(type) > 2) return false;
  const std::vector<Edge> last = r.readers(r.node(q2).outputs[0]);
  for (const Edge& edge : last)
    if (!is_dq(r.node(edge.node)) || !same_quantization(graph, r.node(q2), r.node(edge.node))) return false;
  if (last.empty()) return false;
  const PerTensor a = *per_tensor(graph, r.node(dq1)), b = *per_tensor(graph, r.node(q2));
  if (a.zero_point != b.zero_point || !(std::abs(a.scale - b.scale) < 1e-20F)) {
    const PerTensor common = common_range(a, b, type);
    if (common.zero_point < min_of(type) || common.zero_point > max_of(type) || !(common.scale > 0))
      return false;
    set_quantization(r, q1, common);
    for (const Edge& edge : last) set_quantization(r, edge.node, common);
  }
  r.move_readers(r.node(q2).outputs[0], r.node(q1).outputs[0]);
  r.remove(q2);
  r.remove(dq1);
  return true;
}

}  // namespace

bool remove_double_pairs(Graph& graph) {
  Rewriter r(graph);
  for (int n = 0; n < static_cast<int>(r.size()); ++n)
    while (r.alive(n) && reduce(r, n)) {
    }
  return r.finish();
}

}  // namespace o2m
