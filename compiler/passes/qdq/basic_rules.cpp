// Rules of ONNX Runtime's first level that look at a node and its neighbours only: identities, Relu before
// Clip, Transpose beside Gemm.

#include "passes/qdq/pairs.hpp"
#include "passes/qdq/steps.hpp"

namespace o2m {
namespace {

/// The value that flows through a node that changes nothing, or none. NoopElimination in ONNX Runtime: the
/// constant has one element and no more dimensions than the other operand.
ValueId unchanged_input(const Rewriter& r, const Node& node) {
  if (!node.domain.empty() || node.inputs.empty()) return ValueId::none;
  if (node.is("Identity")) return node.has_attr("border") ? ValueId::none : node.inputs[0];
  if (node.is("Dropout")) {
    const bool mask_used = node.outputs.size() > 1 && node.outputs[1] != ValueId::none &&
                           (r.is_output(node.outputs[1]) || !r.readers(node.outputs[1]).empty());
    return mask_used ? ValueId::none : node.inputs[0];
  }
  if (node.is("Cast"))
    return static_cast<DType>(node.attr("to", 0)) == r.graph[node.inputs[0]].type ? node.inputs[0]
                                                                                  : ValueId::none;
  if (node.is("Expand"))
    return r.graph.shape(node.inputs[0]) == r.graph.shape(node.outputs[0]) ? node.inputs[0] : ValueId::none;
  const bool adds = node.is("Add") || node.is("Sub"), scales = node.is("Mul") || node.is("Div");
  if (!adds && !scales) return ValueId::none;
  const bool commutes = node.is("Add") || node.is("Mul");
  for (std::size_t slot = commutes ? 0 : 1; slot < 2; ++slot) {
    const Tensor* t = r.graph.constant(node.inputs[slot]);
    const ValueId other = node.inputs[1 - slot];
    if (!t || r.is_constant(other) || t->count() != 1 || t->shape.size() > r.graph.shape(other).size())
      continue;
    if (t->real(0) == (adds ? 0.0 : 1.0)) return other;
  }
  return ValueId::none;
}

/// ONNX Runtime removes a node of several inputs only behind another node, not at a graph input.
bool has_edge(const Rewriter& r, int n, ValueId input) {
  return r.node(n).inputs.size() == 1 || r.producer(input) >= 0;
}

bool is_matrix_transpose(const Graph& graph, const Node& node) {
  return node.is("Transpose") && graph.shape(node.inputs[0]).size() == 2 &&
         node.attr_ints("perm").value_or(std::vector<std::int64_t>{1, 0}) == std::vector<std::int64_t>{1, 0};
}

/// Gemm reads `slot` through a Transpose whose readers are all Gemms: the Gemm transposes instead.
void absorb_input_transpose(Rewriter& r, int gemm, std::size_t slot, const char* attribute) {
  const int t = r.input_node(gemm, slot);
  if (t < 0 || !is_matrix_transpose(r.graph, r.node(t)) || r.makes_output(t)) return;
  for (const Edge& edge : r.readers(r.node(t).outputs[0]))
    if (!r.node(edge.node).is("Gemm")) return;
  Node changed = r.node(gemm);
  changed.attributes[attribute] = std::int64_t{changed.attr(attribute, 0) == 0};
  changed.inputs[slot] = r.node(t).inputs[0];
  r.replace(gemm, std::move(changed));
  if (r.edge_count(t) == 0) r.remove(t);
}

/// Gemm without C -> Transpose: (AB)' = B'A'.
void absorb_output_transpose(Rewriter& r, int gemm) {
  const int t = r.only_reader(gemm);
  if (t < 0 || r.node(gemm).has_input(2) || !is_matrix_transpose(r.graph, r.node(t))) return;
  Node changed = r.node(gemm);
  const std::int64_t trans_a = changed.attr("transA", 0), trans_b = changed.attr("transB", 0);
  std::swap(changed.inputs[0], changed.inputs[1]);
  changed.attributes["transA"] = std::int64_t{trans_b == 0};
  changed.attributes["transB"] = std::int64_t{trans_a == 0};
  changed.outputs = r.node(t).outputs;
  r.remove(t);
  r.replace(gemm, std::move(changed));
}

}  // namespace

bool remove_identities(Graph& graph) {
  Rewriter r(graph);
  for (int n = 0; n < static_cast<int>(r.size()); ++n) {
    const ValueId input = unchanged_input(r, r.node(n));
    if (input == ValueId::none || !has_edge(r, n, input)) continue;
    // A node that makes a graph output goes only if it has no reader and is the one reader of what it passes
    // on.
    if (r.makes_output(n) && (r.edge_count(n) != 0 || r.readers(input).size() != 1)) continue;
    r.bypass(n, input);
  }
  return r.finish();
}

bool merge_relu_into_clip(Graph& graph) {
  Rewriter r(graph);
  for (int n = 0; n < static_cast<int>(r.size()); ++n) {
    const int clip = r.node(n).is("Relu") ? r.only_reader(n) : -1;
    if (clip < 0 || !r.node(clip).is("Clip") || r.node(clip).inputs[0] != r.node(n).outputs[0]) continue;
    const auto bounds = clip_bounds(graph, r.node(clip));
    if (!bounds) continue;
    r.bypass(n, r.node(n).inputs[0]);
    if (bounds->low >= 0) continue;
    if (graph.opset() < 11) {
      r.node(clip).attributes["min"] = 0.0F;
    } else {
      r.set_input(clip, 1, r.new_constant(r.node(clip).outputs[0], "min", scalar_tensor(0.0F)));
    }
  }
  return r.finish();
}

bool move_transpose_into_gemm(Graph& graph) {
  Rewriter r(graph);
  const int count = static_cast<int>(r.size());
  for (int n = 0; n < count; ++n) {
    if (!r.alive(n) || !r.node(n).is("Gemm") || r.edge_count(n) > 1) continue;
    absorb_input_transpose(r, n, 0, "transA");
    absorb_input_transpose(r, n, 1, "transB");
    absorb_output_transpose(r, n);
  }
  return r.finish();
}

}  // namespace o2m
