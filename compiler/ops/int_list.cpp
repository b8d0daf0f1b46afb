#include "ops/int_list.hpp"

#include <algorithm>

#include "ops/op.hpp"

namespace o2m {

std::optional<std::vector<std::int64_t>> int_list_input(const Graph& graph, const Node& node,
                                                        const char* what, std::size_t i) {
  if (!node.has_input(i)) return std::nullopt;
  const Tensor* t = graph.constant(node.inputs[i]);
  if (!t) refuse("{} (input {}) must be a constant, it is computed at run time", what, i);
  if (t->type != DType::int64 && t->type != DType::int32)
    refuse("{} (input {}) is {}, expected int64", what, i, to_string(t->type));
  if (t->shape.size() > 1)
    refuse("{} (input {}) has shape {}, expected a list", what, i, to_string(t->shape));
  return t->integers();
}

std::optional<std::vector<std::int64_t>> int_list(const Graph& graph, const Node& node, const char* what,
                                                  std::size_t i, std::int64_t since) {
  const bool as_attribute = graph.opset() < since;
  if (as_attribute ? node.has_input(i) : node.has_attr(what))
    refuse("{} is an attribute before opset {}, input {} from then on; the model uses opset {}", what, since,
           i, graph.opset());
  return as_attribute ? node.attr_ints(what) : int_list_input(graph, node, what, i);
}

std::vector<std::int64_t> required_int_list(const Graph& graph, const Node& node, const char* what,
                                            std::size_t i, std::int64_t since) {
  auto list = int_list(graph, node, what, i, since);
  if (!list && graph.opset() < since) refuse("attribute \"{}\" is missing", what);
  if (!list) refuse("{} (input {}) is missing", what, i);
  return std::move(*list);
}

std::vector<std::size_t> normalize_axes(const std::vector<std::int64_t>& axes, std::size_t rank) {
  std::vector<std::size_t> out;
  for (const std::int64_t axis : axes) {
    const std::size_t a = normalize_axis(axis, rank);
    if (std::find(out.begin(), out.end(), a) != out.end()) refuse("axis {} is given twice", axis);
    out.push_back(a);
  }
  return out;
}

}  // namespace o2m
