#include "passes/unroll.hpp"

#include <algorithm>
#include <map>

#include "diagnostics.hpp"

namespace o2m {

std::int64_t entry(const Node& node, const char* key, std::size_t i, std::size_t count) {
  const auto list = node.attr_ints(key);
  if (!list) return 0;
  if (list->size() != count) refuse("{} has {} entries, expected {}", key, list->size(), count);
  return (*list)[i];
}

std::int64_t scan_axis(const Graph& graph, const Node& node, const Repetition& r, std::size_t i) {
  const Shape& shape = graph.shape(node.inputs.at(r.states + i));
  const auto rank = static_cast<std::int64_t>(shape.size());
  const std::int64_t axis = entry(node, "scan_input_axes", i, r.scanned());
  if (axis < -rank || axis >= rank) refuse("scan_input_axes {} is outside {}", axis, to_string(shape));
  return axis < 0 ? axis + rank : axis;
}

namespace {

/// Makes the nodes that stand for one Loop or Scan.
struct Unroller {
  Graph& graph;
  const Node& node;
  const Repetition r;
  std::vector<Node>& nodes;
  std::map<ValueId, ValueId> renamed = {};  ///< values of the body -> those of this iteration

  ValueId fresh(std::string name) {
    return graph.add_value({std::move(name), DType::undefined, std::nullopt, nullptr});
  }

  ValueId add(const char* op, std::vector<ValueId> inputs, std::map<std::string, Attribute> attributes,
              const std::string& name) {
    const ValueId y = fresh(name);
    nodes.push_back({op, "", node.name, node.index, std::move(inputs), {y}, std::move(attributes)});
    return y;
  }

  /// Across the border of the body (control_flow.hpp).
  ValueId across(ValueId id) {
    if (graph.constant(id)) return id;
    return add("Identity", {id}, {{"border", std::int64_t{1}}}, graph[id].name);
  }

  ValueId now(ValueId id) const {
    const auto found = renamed.find(id);
    return found == renamed.end() ? id : found->second;
  }

  ValueId rename(ValueId id, std::int64_t iteration) {
    if (id == ValueId::none) return id;
    return renamed[id] = fresh(fmt::format("{}[{}]", graph[id].name, iteration));
  }

  Node copy(const Node& original, std::int64_t iteration) {
    Node n = original;
    for (ValueId& id : n.inputs) id = now(id);
    for (ValueId& id : n.outputs) id = rename(id, iteration);
    for (auto& [key, value] : n.attributes)
      if (auto* inner = std::get_if<BranchPtr>(&value)) *inner = copy(**inner, iteration);
    return n;
  }

  BranchPtr copy(const Branch& original, std::int64_t iteration) {
    auto made = std::make_shared<Branch>();
    for (const ValueId id : original.inputs) made->inputs.push_back(rename(id, iteration));
    for (const Node& inner : original.nodes) made->nodes.push_back(copy(inner, iteration));
    for (const ValueId id : original.outputs) made->outputs.push_back(now(id));
    return made;
  }

  ValueId scalar(std::int64_t value, DType type) {
    Tensor t = make_tensor(type, {});
    if (type == DType::boolean)
      t.bytes[0] = std::byte{1};
    else
      t.as<std::int64_t>()[0] = value;
    return graph.add_constant(node.name, std::move(t));
  }

  /// Slice number `at` of scanned input i.
  ValueId slice(std::size_t i, ValueId whole, std::int64_t at) {
    const bool reversed = entry(node, "scan_input_directions", i, r.scanned()) != 0;
    const ValueId position = scalar(reversed ? r.count - 1 - at : at, DType::int64);
    return add("Gather", {whole, position}, {{"axis", scan_axis(graph, node, r, i)}}, graph[whole].name);
  }

  /// A slice with the axis along which they are joined.
  ValueId widened(ValueId id, std::int64_t axis) {
    if (graph.opset() < 13)
      return add("Unsqueeze", {id}, {{"axes", std::vector<std::int64_t>{axis}}}, graph[id].name);
    Tensor axes = make_tensor(DType::int64, {1});
    axes.as<std::int64_t>()[0] = axis;
    return add("Unsqueeze", {id, graph.add_constant(node.name, std::move(axes))}, {}, graph[id].name);
  }

  /// A Concat of as many tensors as it may have, or of several such.
  ValueId concat(std::vector<ValueId> parts, std::int64_t axis) {
    constexpr std::size_t most = 200;
    while (parts.size() > 1) {
      std::vector<ValueId> joined;
      for (std::size_t first = 0; first < parts.size(); first += most) {
        const std::vector<ValueId> some(
            parts.begin() + static_cast<std::ptrdiff_t>(first),
            parts.begin() + static_cast<std::ptrdiff_t>(std::min(first + most, parts.size())));
        joined.push_back(some.size() == 1 ? some[0]
                                          : add("Concat", some, {{"axis", axis}}, graph[some[0]].name));
      }
      parts = std::move(joined);
    }
    return parts[0];
  }

  /// Collected output i, of the slices of all iterations.
  ValueId joined(std::size_t i, std::vector<ValueId> slices) {
    const std::int64_t axis = entry(node, "scan_output_axes", i, r.collected());
    if (entry(node, "scan_output_directions", i, r.collected()) != 0)
      std::reverse(slices.begin(), slices.end());
    for (ValueId& id : slices) id = widened(id, axis);
    return concat(std::move(slices), axis);
  }

  void run() {
    const std::vector<ValueId> inputs = r.body->inputs;
    std::vector<ValueId> outer;
    for (const ValueId id : node.inputs) outer.push_back(id == ValueId::none ? id : across(id));
    for (std::size_t i = inputs.size(); i < outer.size(); ++i) renamed[node.inputs[i]] = outer[i];
    const auto first = outer.begin() + static_cast<std::ptrdiff_t>(r.first_input);
    std::vector<ValueId> states(first, first + static_cast<std::ptrdiff_t>(r.states));
    std::vector<std::vector<ValueId>> slices(r.collected());
    for (std::int64_t at = 0; at < r.count; ++at) {
      if (r.first_input == 2)
        renamed[inputs[0]] = scalar(at, DType::int64), renamed[inputs[1]] = scalar(1, DType::boolean);
      for (std::size_t i = 0; i < r.states; ++i) renamed[inputs[r.first_input + i]] = states[i];
      for (std::size_t i = 0; i < r.scanned(); ++i)
        renamed[inputs[r.states + i]] = slice(i, outer[r.states + i], at);
      for (const Node& inner : r.body->nodes) nodes.push_back(copy(inner, at));
      for (std::size_t i = 0; i < r.states; ++i) states[i] = across(now(r.body->outputs[r.first_output + i]));
      for (std::size_t i = 0; i < slices.size(); ++i)
        slices[i].push_back(across(now(r.body->outputs[r.first_output + r.states + i])));
    }
    for (std::size_t o = 0; o < node.outputs.size(); ++o) {
      if (node.outputs[o] == ValueId::none) continue;
      const ValueId made = o < r.states ? states[o] : joined(o - r.states, slices[o - r.states]);
      nodes.push_back({"Identity", "", node.name, node.index, {made}, {node.outputs[o]}, {}});
    }
  }
};

}  // namespace

void unroll(Graph& graph, const Node& node, const Repetition& r, std::vector<Node>& nodes) {
  Unroller{graph, node, r, nodes}.run();
}

}  // namespace o2m
