#include "ir/dump.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "diagnostics.hpp"

namespace o2m {
namespace {

std::string operand(const Graph& graph, ValueId id) {
  if (id == ValueId::none) return "-";
  const Value& v = graph[id];
  if (v.constant && v.constant->count() == 1)
    return fmt::format("{}:{}", v.constant->real(0), to_string(v.type));
  return fmt::format("{}{}", v.constant ? "#" : "%", printable(v.name));
}

struct AttributeText {
  std::string operator()(std::int64_t v) const { return std::to_string(v); }
  std::string operator()(float v) const { return fmt::format("{}", v); }
  std::string operator()(const std::string& v) const { return "\"" + printable(v) + "\""; }
  std::string operator()(const std::vector<std::int64_t>& v) const { return to_string(v); }
  std::string operator()(const std::vector<float>& v) const {
    return fmt::format("[{}]", fmt::join(v, ", "));
  }
  std::string operator()(const std::vector<std::string>& v) const {
    return fmt::format("[{} strings]", v.size());
  }
  std::string operator()(const std::shared_ptr<const Branch>& v) const {
    return fmt::format("{{{} nodes}}", v->nodes.size());
  }
  std::string operator()(const TensorPtr& v) const { return to_string(v->type) + to_string(v->shape); }
};

}  // namespace

std::string dump_graph(const Graph& graph) {
  std::string text;
  for (const ValueId id : graph.inputs) text += fmt::format("input {}\n", describe(graph, id));
  for (const Node& node : graph.nodes) {
    std::vector<std::string> outputs, inputs, attributes;
    for (const ValueId id : node.outputs) outputs.push_back(id == ValueId::none ? "-" : describe(graph, id));
    for (const ValueId id : node.inputs) inputs.push_back(operand(graph, id));
    for (const auto& [key, value] : node.attributes)
      attributes.push_back(fmt::format("{}={}", key, std::visit(AttributeText{}, value)));
    text += fmt::format("{} = {}{}({}) {{{}}}\n", fmt::join(outputs, ", "),
                        node.domain.empty() ? "" : node.domain + ".", node.op_type, fmt::join(inputs, ", "),
                        fmt::join(attributes, ", "));
  }
  for (const ValueId id : graph.outputs) text += fmt::format("output {}\n", describe(graph, id));
  return text;
}

}  // namespace o2m
