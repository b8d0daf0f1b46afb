#include "ir/graph.hpp"

#include <algorithm>

#include "diagnostics.hpp"

namespace o2m {
namespace {

template <class T>
const T* get(const Node& node, const std::string& key, const char* expected) {
  const auto it = node.attributes.find(key);
  if (it == node.attributes.end()) return nullptr;
  const T* value = std::get_if<T>(&it->second);
  if (!value) refuse("attribute \"{}\" has the wrong type, expected {}", key, expected);
  return value;
}

}  // namespace

std::int64_t Node::attr(const std::string& key, std::int64_t fallback) const {
  const auto* v = get<std::int64_t>(*this, key, "INT");
  return v ? *v : fallback;
}

float Node::attr_float(const std::string& key, float fallback) const {
  const auto* v = get<float>(*this, key, "FLOAT");
  return v ? *v : fallback;
}

std::string Node::attr_string(const std::string& key, const std::string& fallback) const {
  const auto* v = get<std::string>(*this, key, "STRING");
  return v ? *v : fallback;
}

std::optional<std::vector<std::int64_t>> Node::attr_ints(const std::string& key) const {
  const auto* v = get<std::vector<std::int64_t>>(*this, key, "INTS");
  return v ? std::optional(*v) : std::nullopt;
}

std::int64_t Graph::opset(const std::string& domain) const {
  const auto it = opsets.find(domain);
  return it == opsets.end() ? 1 : it->second;
}

ValueId Graph::add_value(Value value) {
  values.push_back(std::move(value));
  return static_cast<ValueId>(values.size() - 1);
}

ValueId Graph::add_constant(const std::string& constant_name, Tensor tensor) {
  const DType type = tensor.type;
  Shape shape = tensor.shape;
  return add_value(
      {constant_name, type, std::move(shape), std::make_shared<const Tensor>(std::move(tensor))});
}

const Tensor* Graph::constant(ValueId id) const {
  return id == ValueId::none ? nullptr : (*this)[id].constant.get();
}

const Shape& Graph::shape(ValueId id) const {
  if (id == ValueId::none) refuse("an input is missing");
  const Value& value = (*this)[id];
  if (!value.shape) refuse("the shape of \"{}\" is not known", printable(value.name));
  return *value.shape;
}

Uses::Uses(const Graph& graph)
    : producer(graph.values.size(), -1),
      consumers(graph.values.size()),
      is_output(graph.values.size(), false) {
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    for (const ValueId id : graph.nodes[n].inputs)
      if (id != ValueId::none) consumers[o2m::index(id)].push_back(static_cast<int>(n));
    for (const ValueId id : graph.nodes[n].outputs)
      if (id != ValueId::none) producer[o2m::index(id)] = static_cast<int>(n);
  }
  for (const ValueId id : graph.outputs) is_output[o2m::index(id)] = true;
}

std::string describe(const Graph& graph, const Node& node) {
  std::string name = node.name;
  for (const ValueId id : node.outputs)
    if (name.empty() && id != ValueId::none) name = graph[id].name;
  return fmt::format("node {} \"{}\" ({})", node.index, printable(name), printable(node.op_type));
}

std::string describe(const Graph& graph, ValueId id) {
  if (id == ValueId::none) return "(omitted)";
  const Value& v = graph[id];
  if (v.type == DType::undefined) return fmt::format("\"{}\"", printable(v.name));
  return fmt::format("\"{}\" {}{}", printable(v.name), to_string(v.type),
                     v.shape ? to_string(*v.shape) : "[?]");
}

void replace_uses(Graph& graph, ValueId from, ValueId to) {
  for (Node& node : graph.nodes) std::replace(node.inputs.begin(), node.inputs.end(), from, to);
  std::replace(graph.outputs.begin(), graph.outputs.end(), from, to);
}

void remove_dead(Graph& graph) {
  std::vector<bool> live(graph.values.size(), false);
  for (const ValueId id : graph.outputs) live[index(id)] = true;
  std::vector<Node> kept;
  for (auto node = graph.nodes.rbegin(); node != graph.nodes.rend(); ++node) {
    const bool used = std::any_of(node->outputs.begin(), node->outputs.end(),
                                  [&](ValueId id) { return id != ValueId::none && live[index(id)]; });
    if (!used) continue;
    for (const ValueId id : node->inputs)
      if (id != ValueId::none) live[index(id)] = true;
    kept.push_back(std::move(*node));
  }
  std::reverse(kept.begin(), kept.end());
  graph.nodes = std::move(kept);
  for (std::size_t i = 0; i < graph.values.size(); ++i)
    if (!live[i]) graph.values[i].constant = nullptr;
}

}  // namespace o2m
