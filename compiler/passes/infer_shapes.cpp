#include <algorithm>
#include <stdexcept>

#include "ops/evaluate.hpp"
#include "ops/op.hpp"
#include "passes/control_flow.hpp"
#include "passes/half_casts.hpp"
#include "passes/passes.hpp"

namespace o2m {
namespace {

/// Folding must not blow a small file up to gigabytes (ConstantOfShape, Expand, Tile).
constexpr std::int64_t max_folded_elements = std::int64_t{1} << 24;

bool all_inputs_constant(const Graph& graph, const Node& node) {
  return std::all_of(node.inputs.begin(), node.inputs.end(),
                     [&](ValueId id) { return id == ValueId::none || graph[id].constant; });
}

bool outputs_are_small(const Graph& graph, const Node& node) {
  return std::all_of(node.outputs.begin(), node.outputs.end(), [&](ValueId id) {
    return id == ValueId::none || (graph[id].shape && element_count(*graph[id].shape) <= max_folded_elements);
  });
}

void fold(Graph& graph, const Node& node) {
  std::vector<Tensor> results = evaluate(graph, node, Precision::exact);
  for (std::size_t o = 0; o < node.outputs.size() && o < results.size(); ++o) {
    if (node.outputs[o] == ValueId::none) continue;
    Value& value = graph[node.outputs[o]];
    value.type = results[o].type;
    value.shape = results[o].shape;
    value.constant = std::make_shared<const Tensor>(std::move(results[o]));
  }
}

void check_outputs(const Graph& graph, const Node& node) {
  for (std::size_t o = 0; o < node.outputs.size(); ++o)
    if (node.outputs[o] != ValueId::none && !graph[node.outputs[o]].shape)
      refuse("output {} (\"{}\") is not supported", o, printable(graph[node.outputs[o]].name));
}

}  // namespace

Diagnostic node_error(const Graph& graph, const Node& node, const Refusal& refusal) {
  Diagnostic d{describe(graph, node), refusal.what(), {}, refusal.hint};
  std::string in, out;
  for (const ValueId id : node.inputs) in += (in.empty() ? "" : ", ") + describe(graph, id);
  for (const ValueId id : node.outputs) out += (out.empty() ? "" : ", ") + describe(graph, id);
  if (node.has_attr("channels_last")) out += " (shapes channels last)";
  d.details = {"inputs: " + in, "outputs: " + out};
  return d;
}

void for_each_node(Graph& graph, Diagnostics& diagnostics, const std::function<void(Node&)>& body) {
  std::vector<bool> poisoned(graph.values.size(), false);  // computed by a node that was refused
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    Node& node = graph.nodes[n];
    poisoned.resize(graph.values.size(), false);
    const bool skip = std::any_of(node.inputs.begin(), node.inputs.end(),
                                  [&](ValueId id) { return id != ValueId::none && poisoned[index(id)]; });
    bool failed = skip;
    if (!skip) {
      try {
        body(node);
      } catch (const Refusal& refusal) {
        diagnostics.error(node_error(graph, node, refusal));
        failed = true;
      } catch (const std::out_of_range&) {  // of node.inputs.at() and node.outputs.at()
        diagnostics.error(node_error(graph, node, Refusal("an input or output is missing")));
        failed = true;
      } catch (const Postponed&) {
        failed = true;
      }
    }
    poisoned.resize(graph.values.size(), false);
    for (const ValueId id : graph.nodes[n].outputs)
      if (failed && id != ValueId::none) poisoned[index(id)] = true;
  }
  diagnostics.stop_on_errors();
}

namespace {

/// One walk over all nodes; those behind control flow that has yet to be replaced wait for the next.
void infer_nodes(Graph& graph, Diagnostics& diagnostics, bool fold_dequantize) {
  HalfCasts halves(graph);
  for_each_node(graph, diagnostics, [&](Node& node) {
    if (is_settled(graph, node)) throw Postponed{};
    halves.before(node);
    const Op& op = op_of(node);
    if (op.type != "Constant" && !node.has_input(0)) refuse("input 0 is missing");
    InferContext context{graph, node};
    op.infer(context);
    check_outputs(graph, node);
    const bool wanted = !node.outputs.empty() && node.outputs[0] != ValueId::none;
    const bool foldable = wanted && can_evaluate(node, Precision::exact) &&
                          (fold_dequantize || node.op_type != "DequantizeLinear");
    if (foldable && all_inputs_constant(graph, node) && outputs_are_small(graph, node)) fold(graph, node);
    halves.after(node);
  });
  halves.insert();
}

}  // namespace

void infer_shapes(Graph& graph, Diagnostics& diagnostics, bool fold_dequantize) {
  bool unrolled = false;
  for (;; unrolled = true) {
    expand_fused(graph);
    infer_nodes(graph, diagnostics, fold_dequantize);
    if (!replace_control_flow(graph)) break;
  }
  // ONNX Runtime keeps nodes that nobody needs: as readers they decide which quantized operators it makes
  // (fold_qdq removes them).
  if (unrolled || fold_dequantize) remove_dead(graph);
  // A folded node computes nothing any more.
  std::erase_if(graph.nodes, [&](const Node& node) {
    return std::all_of(node.outputs.begin(), node.outputs.end(),
                       [&](ValueId id) { return id == ValueId::none || graph[id].constant; });
  });
}

}  // namespace o2m
