#include <algorithm>

#include "ops/op.hpp"
#include "passes/passes.hpp"
#include "quantize/prepare.hpp"

namespace o2m {
namespace {

struct MovedAttribute {
  const char *op_type, *attribute;
  std::int64_t since;  ///< opset from which it is input `slot`
  std::size_t slot;
};

constexpr MovedAttribute moved[] = {{"Slice", "starts", 10, 1},      {"Slice", "ends", 10, 2},
                                    {"Slice", "axes", 10, 3},        {"Clip", "min", 11, 1},
                                    {"Clip", "max", 11, 2},          {"Pad", "pads", 11, 1},
                                    {"Pad", "value", 11, 2},         {"Squeeze", "axes", 13, 1},
                                    {"Unsqueeze", "axes", 13, 1},    {"Split", "split", 13, 1},
                                    {"ReduceSum", "axes", 13, 1},    {"ReduceMean", "axes", 18, 1},
                                    {"ReduceMax", "axes", 18, 1},    {"ReduceMin", "axes", 18, 1},
                                    {"ReduceProd", "axes", 18, 1},   {"ReduceL1", "axes", 18, 1},
                                    {"ReduceL2", "axes", 18, 1},     {"ReduceSumSquare", "axes", 18, 1},
                                    {"ReduceLogSum", "axes", 18, 1}, {"ReduceLogSumExp", "axes", 18, 1}};

Tensor as_tensor(const Attribute& attribute) {
  if (const auto* value = std::get_if<float>(&attribute))
    return make_tensor<float>(DType::float32, {}, {value, 1});
  const auto& ints = std::get<std::vector<std::int64_t>>(attribute);
  return make_tensor<std::int64_t>(DType::int64, {static_cast<std::int64_t>(ints.size())}, ints);
}

void move_attributes(Graph& graph, Node& node, std::int64_t from, std::int64_t to) {
  for (const MovedAttribute& m : moved) {
    const auto it = node.attributes.find(m.attribute);
    if (!node.is(m.op_type) || from >= m.since || to < m.since || it == node.attributes.end()) continue;
    if (node.inputs.size() <= m.slot) node.inputs.resize(m.slot + 1, ValueId::none);
    node.inputs[m.slot] =
        graph.add_constant(graph[node.outputs[0]].name + "_" + m.attribute, as_tensor(it->second));
    node.attributes.erase(it);
  }
}

/// Before opset 13 Softmax saw all dimensions from `axis` (default 1) on as one.
void change_softmax(const Graph& graph, Node& node) {
  const Shape& shape = graph.shape(node.inputs[0]);
  const std::size_t axis = normalize_axis(node.attr("axis", 1), shape.size());
  const auto more = std::count_if(shape.begin() + static_cast<std::ptrdiff_t>(axis), shape.end(),
                                  [](std::int64_t d) { return d != 1; });
  if (more > 1)
    throw Refusal("it spans several dimensions, as only opsets before 13 allow",
                  "reshape its input to two dimensions in the model");
  std::size_t only = axis;
  while (only + 1 < shape.size() && shape[only] == 1) ++only;
  node.attributes["axis"] = static_cast<std::int64_t>(shape[only] == 1 ? axis : only);
}

}  // namespace

void raise_opset(Graph& graph, std::int64_t opset, Diagnostics& diagnostics) {
  const std::int64_t from = graph.opset();
  if (from >= opset) return;
  for_each_node(graph, diagnostics, [&](Node& node) {
    if (!node.domain.empty()) return;
    move_attributes(graph, node, from, opset);
    const bool softmax = node.is("Softmax") || node.is("LogSoftmax") || node.is("Hardmax");
    if (softmax && from < 13 && opset >= 13) change_softmax(graph, node);
    if (node.is("Split") && from < 18 && opset >= 18 && !node.has_input(1))
      node.attributes["num_outputs"] = static_cast<std::int64_t>(node.outputs.size());
    if (node.is("BatchNormalization")) node.attributes.erase("spatial");
  });
  graph.opsets[""] = opset;
}

}  // namespace o2m
