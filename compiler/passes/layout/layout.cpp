// The layout pass: channels-last convolutions and pools, and as few Transposes as possible.
// Every step is a local rewrite that keeps the graph's meaning: wrap a node in a Transpose pair, move a
// Transpose below the node that reads it, merge two, drop one that moves nothing, or let constant weights
// absorb it.

#include "ops/float_order.hpp"
#include "ops/resize_axes.hpp"
#include "passes/layout/transpose.hpp"
#include "passes/passes.hpp"
#include "requantize/two_input.hpp"

namespace o2m {
namespace {

Perm to_channels_last(std::size_t rank) {  // NCHW -> NHWC: 0 2 3 1
  Perm perm{0};
  for (std::size_t i = 2; i < rank; ++i) perm.push_back(static_cast<std::int64_t>(i));
  perm.push_back(1);
  return perm;
}

bool wants_channels_last(const Graph& graph, const Node& node) {
  static constexpr std::string_view types[] = {"Conv",
                                               "QLinearConv",
                                               "ConvInteger",
                                               "MaxPool",
                                               "AveragePool",
                                               "GlobalAveragePool",
                                               "GlobalMaxPool",
                                               "LpPool",
                                               "GlobalLpPool",
                                               "QLinearAveragePool",
                                               "QLinearGlobalAveragePool",
                                               "QDQConv",
                                               "ConvTranspose",
                                               "InstanceNormalization",
                                               "QReduceMean"};
  const bool listed = std::find(std::begin(types), std::end(types), node.op_type) != std::end(types);
  if (!listed || node.attr("channels_last", 0) != 0 || node.outputs.size() != 1) return false;
  const std::size_t rank = graph.shape(node.inputs[0]).size();
  return rank >= 3 && rank <= 5;
}

/// A Transpose without perm reverses the dimensions; the rewrites expect every Transpose to say so.
void spell_out_perms(Graph& graph) {
  for (Node& node : graph.nodes) {
    if (!node.is("Transpose") || node.has_attr("perm")) continue;
    Perm perm(graph.shape(node.inputs[0]).size());
    for (std::size_t i = 0; i < perm.size(); ++i) perm[i] = static_cast<std::int64_t>(perm.size() - 1 - i);
    node.attributes["perm"] = perm;
  }
}

/// node(x) -> y  becomes  x -> Transpose -> node -> Transpose -> y.
void make_channels_last(GraphEditor& edit) {
  for (std::size_t n = 0; n < edit.graph.nodes.size(); ++n) {
    if (!wants_channels_last(edit.graph, edit.graph.nodes[n])) continue;
    const Perm perm = to_channels_last(edit.graph.shape(edit.graph.nodes[n].inputs[0]).size());
    n = edit.transpose_input(n, 0, perm);
    edit.graph.nodes[n].attributes["channels_last"] = std::int64_t{1};
    if (edit.graph.nodes[n].op_type != "QReduceMean") edit.transpose_output(n, perm);
  }
}

/// --layout nhwc: a 4-D input is declared NHWC and transposed inside, a 4-D output the other way round.
void transpose_ports(GraphEditor& edit) {
  const Perm to_nhwc = to_channels_last(4);
  for (ValueId& id : edit.graph.inputs)
    if (edit.graph.shape(id).size() == 4) edit.transpose_graph_input(id, inverse(to_nhwc));
  for (ValueId& id : edit.graph.outputs)
    if (edit.graph.shape(id).size() == 4) edit.transpose_graph_output(id, to_nhwc);
  edit.graph.nhwc_ports = true;
}

/// ONNX Runtime chooses the outer operand of a QLinearAdd by the shapes the model declares: recorded before
/// they change.
void record_exchanged_operands(Graph& graph) {
  for (Node& node : graph.nodes)
    if (node.is("QLinearAdd", "com.microsoft"))
      node.attributes["exchanged"] =
          std::int64_t{qlinear_add_exchanges(graph.shape(node.inputs[0]), graph.shape(node.inputs[3]))};
}

/// The float Conv behind whose activation `id` comes, in ONNX Runtime's blocked layout.
bool comes_from_blocked_conv(const Graph& graph, const Uses& uses, ValueId id) {
  static constexpr std::string_view activations[] = {"Relu", "Sigmoid",   "Tanh",
                                                     "Clip", "LeakyRelu", "HardSigmoid"};
  for (int n = uses.producer[index(id)]; n >= 0; n = uses.producer[index(id)]) {
    const Node& node = graph.nodes[static_cast<std::size_t>(n)];
    if (node.is("Conv")) {
      const Shape &x = graph.shape(node.inputs[0]), &w = graph.shape(node.inputs[1]);
      ConvGeometry g{x.at(1), w.at(0), node.attr("group", 1), 0, 0, 0, 0, 0, 0};
      g.rank = x.size() - 2;
      g.constant_weights = graph.constant(node.inputs[1]) && node.attr("computed_weights", 0) == 0;
      return is_nchwc(g);
    }
    if (std::find(std::begin(activations), std::end(activations), node.op_type) == std::end(activations))
      return false;
    id = node.inputs[0];
  }
  return false;
}

/// Such a Resize has other roundings there: recorded while the convolution before it is easy to find.
void record_blocked_resizes(Graph& graph) {
  const Uses uses(graph);
  for (Node& node : graph.nodes)
    if (has_blocked_form(graph, node) && comes_from_blocked_conv(graph, uses, node.inputs[0]))
      node.attributes["blocked"] = std::int64_t{1};
}

}  // namespace

void layout(Graph& graph, bool nhwc_ports) {
  GraphEditor edit{graph};
  record_exchanged_operands(graph);
  record_blocked_resizes(graph);
  spell_out_perms(graph);
  if (nhwc_ports) transpose_ports(edit);
  make_channels_last(edit);
  while (simplify_transposes(edit)) remove_dead(graph);
  remove_dead(graph);
}

}  // namespace o2m
