#include <algorithm>

#include "diagnostics.hpp"
#include "passes/passes.hpp"

namespace o2m {
namespace {

/// Parameter i of the activation, if the node has it: FusedConv lists them, FusedGemm names them.
std::optional<float> parameter(const Node& node, std::size_t i) {
  static constexpr const char* names[] = {"activation_alpha", "activation_beta"};
  if (node.op_type == "FusedGemm")
    return node.has_attr(names[i]) ? std::optional(node.attr_float(names[i], 0)) : std::nullopt;
  const auto found = node.attributes.find("activation_params");
  const auto* list =
      found == node.attributes.end() ? nullptr : std::get_if<std::vector<float>>(&found->second);
  return list && i < list->size() ? std::optional((*list)[i]) : std::nullopt;
}

/// The activation of a fused node as a node of its own, still without tensors.
std::optional<Node> activation_of(Graph& graph, const Node& node) {
  const auto type = node.attributes.find("activation");
  if (node.has_input(3) || type == node.attributes.end() ||
      !std::holds_alternative<std::string>(type->second))
    return std::nullopt;
  Node made{std::get<std::string>(type->second), "", node.name, node.index, {ValueId::none}, {}, {}};
  const auto alpha = parameter(node, 0), beta = parameter(node, 1);
  const std::string& op = made.op_type;
  if (op == "Relu" || op == "Tanh" || op == "Sigmoid") return made;
  if ((op == "LeakyRelu" || op == "HardSigmoid") && alpha) made.attributes["alpha"] = *alpha;
  if (op == "LeakyRelu" && alpha) return made;
  if (op == "HardSigmoid" && alpha && beta) return made.attributes["beta"] = *beta, made;
  if (op != "Clip" || !alpha || !beta || node.op_type != "FusedConv") return std::nullopt;
  if (graph.opset() < 11) made.attributes = {{"min", *alpha}, {"max", *beta}};
  for (const float limit : {*alpha, *beta}) {
    if (graph.opset() < 11) continue;
    Tensor t = make_tensor(DType::float32, {});
    t.as<float>()[0] = limit;
    made.inputs.push_back(graph.add_constant(node.name, std::move(t)));
  }
  return made;
}

}  // namespace

void expand_fused(Graph& graph) {
  std::vector<Node> nodes;
  for (Node& node : graph.nodes) {
    const bool is_fused = node.is("FusedConv", "com.microsoft") || node.is("FusedGemm", "com.microsoft");
    auto activation = is_fused && node.outputs.size() == 1 ? activation_of(graph, node) : std::nullopt;
    if (activation) {
      activation->outputs = node.outputs;
      node.outputs = {
          graph.add_value({graph[node.outputs[0]].name, DType::undefined, std::nullopt, nullptr})};
      activation->inputs[0] = node.outputs[0];
      std::erase_if(node.attributes, [](const auto& a) { return a.first.starts_with("activation"); });
      node.op_type = node.op_type == "FusedConv" ? "Conv" : "Gemm";
      node.domain = "";
    }
    nodes.push_back(std::move(node));
    if (activation) nodes.push_back(std::move(*activation));
  }
  graph.nodes = std::move(nodes);
}

}  // namespace o2m
