#include "quantize/layers.hpp"

#include <algorithm>
#include <string_view>

#include "passes/qdq/pairs.hpp"

namespace o2m {
namespace {

constexpr std::string_view computing[] = {
    "Add", "Mul", "MatMul", "Concat", "AveragePool", "GlobalAveragePool", "LeakyRelu", "Sigmoid", "Softmax"};
constexpr std::string_view moving[] = {
    "MaxPool",      "Reshape", "Flatten",        "Squeeze",   "Unsqueeze",     "Transpose",
    "Slice",        "Gather",  "GatherElements", "Expand",    "Tile",          "DepthToSpace",
    "SpaceToDepth", "Split",   "ReduceMax",      "ReduceMin", "GlobalMaxPool", "Identity"};

template <std::size_t N>
bool among(const std::string& type, const std::string_view (&types)[N]) {
  return std::find(std::begin(types), std::end(types), type) != std::end(types);
}

/// Copies elements, makes up none: ONNX Runtime then resizes integers.
bool is_nearest_resize(const Node& node) {
  return node.is("Resize") && node.attr_string("mode", "nearest") == "nearest" &&
         node.attr_string("coordinate_transformation_mode", "half_pixel") != "tf_crop_and_resize";
}

bool is_relu_like(const Graph& graph, const Node& node) {
  if (node.is("Relu")) return true;
  if (!node.is("Clip")) return false;
  const auto bounds = clip_bounds(graph, node);
  return bounds && bounds->low == 0 && bounds->high > 0;
}

/// Convolutions and pools in three dimensions stay float: the quantized kernels have two.
bool is_volume(const Graph& graph, const Node& node) {
  static constexpr std::string_view windows[] = {"Conv", "MaxPool", "AveragePool", "GlobalAveragePool",
                                                 "GlobalMaxPool"};
  return among(node.op_type, windows) && graph.shape(node.inputs[0]).size() > 4;
}

}  // namespace

Role role_of(const Graph& graph, const Node& node) {
  if (!node.domain.empty() || node.inputs.empty() || !node.has_input(0) ||
      graph[node.outputs[0]].type != DType::float32 || is_volume(graph, node))
    return Role::other;
  if (weights_of(graph, node)) return Role::product;
  if (is_relu_like(graph, node)) return Role::clamps;
  if (among(node.op_type, moving) || is_nearest_resize(node))
    return graph.constant(node.inputs[0]) ? Role::other : Role::moves;
  return among(node.op_type, computing) ? Role::computes : Role::other;
}

std::optional<Weights> weights_of(const Graph& graph, const Node& node) {
  const bool conv = node.is("Conv"), gemm = node.is("Gemm");
  if ((!conv && !gemm && !node.is("MatMul")) || graph.constant(node.inputs[0]) || is_volume(graph, node))
    return std::nullopt;
  Weights w{graph.constant(node.inputs[1]), nullptr, 0, 0};
  if (!w.weights || w.weights->shape.size() < 2 || (!conv && w.weights->shape.size() != 2))
    return std::nullopt;
  w.axis = conv || node.attr("transB", 0) != 0 ? 0 : 1;
  w.channels = w.weights->shape[static_cast<std::size_t>(w.axis)];
  if (node.has_input(2)) {
    w.bias = graph.constant(node.inputs[2]);
    if (!w.bias || w.bias->shape != Shape{w.channels}) return std::nullopt;
  }
  return w;
}

std::vector<int> clamps_behind(const Graph& graph, const Uses& uses) {
  std::vector<int> clamps(graph.nodes.size(), -1);
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    const Role role = role_of(graph, graph.nodes[n]);
    const ValueId y = graph.nodes[n].outputs[0];
    if ((role != Role::product && role != Role::computes) || !uses.single(y)) continue;
    const int reader = uses.consumers[index(y)][0];
    if (role_of(graph, graph.nodes[static_cast<std::size_t>(reader)]) == Role::clamps) clamps[n] = reader;
  }
  return clamps;
}

}  // namespace o2m
