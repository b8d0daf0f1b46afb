// Einsum becomes what ONNX Runtime computes it with (einsum_typed_compute_processor.cc): labels of one
// operand alone are summed; two operands are permuted to [batch, rows, terms] and [batch, terms, columns] for
// one MatMul; the result is permuted to the output.

#include <algorithm>

#include "ops/einsum.hpp"
#include "ops/op.hpp"
#include "passes/passes.hpp"

namespace o2m {
namespace {

struct Expansion {
  Graph& graph;
  const Node& einsum;
  std::vector<Node> nodes = {};

  ValueId add(const char* op, std::vector<ValueId> inputs, std::map<std::string, Attribute> attributes) {
    const ValueId y =
        graph.add_value({fmt::format("{}_{}_{}", graph[einsum.outputs[0]].name, op, nodes.size()),
                         DType::undefined, std::nullopt, nullptr});
    nodes.push_back({op, "", einsum.name, einsum.index, std::move(inputs), {y}, std::move(attributes)});
    InferContext context{graph, nodes.back()};
    op_of(nodes.back()).infer(context);
    return y;
  }

  ValueId list(const std::vector<std::int64_t>& values) {
    return graph.add_constant(
        graph[einsum.outputs[0]].name + "_list",
        make_tensor<std::int64_t>(DType::int64, {static_cast<std::int64_t>(values.size())}, values));
  }

  ValueId permute(ValueId x, const std::string& from, const std::string& to) {
    if (from == to) return x;
    std::vector<std::int64_t> perm;
    for (const char c : to) perm.push_back(static_cast<std::int64_t>(from.find(c)));
    return add("Transpose", {x}, {{"perm", perm}});
  }

  ValueId reshape(ValueId x, const Shape& shape) {
    return graph.shape(x) == shape ? x : add("Reshape", {x, list(shape)}, {});
  }

  /// Without the labels that are not in `wanted`.
  ValueId sum(ValueId x, std::string& labels, const std::string& wanted) {
    std::vector<std::int64_t> axes;
    std::string rest;
    for (std::size_t i = 0; i < labels.size(); ++i)
      if (wanted.find(labels[i]) == std::string::npos)
        axes.push_back(static_cast<std::int64_t>(i));
      else
        rest += labels[i];
    if (axes.empty()) return x;
    labels = rest;
    const std::map<std::string, Attribute> keep{{"keepdims", std::int64_t{0}}};
    if (graph.opset() >= 13) return add("ReduceSum", {x, list(axes)}, keep);
    return add("ReduceSum", {x}, {{"keepdims", std::int64_t{0}}, {"axes", axes}});
  }

  ValueId product(const Einsum& e, std::string& labels) {
    std::string a = e.operands[0], b = e.operands[1], batch, rows, terms, columns;
    const ValueId x = sum(einsum.inputs[0], a, b + e.output), y = sum(einsum.inputs[1], b, a + e.output);
    for (const char c : a)
      (b.find(c) == std::string::npos ? rows : e.output.find(c) == std::string::npos ? terms : batch) += c;
    for (const char c : b)
      if (a.find(c) == std::string::npos) columns += c;
    const auto extent = [&](const std::string& of) { return element_count(e.shape(of)); };
    const auto matrix = [&](std::int64_t height, std::int64_t width) {
      return batch.empty() ? Shape{height, width} : Shape{extent(batch), height, width};
    };
    const ValueId left = reshape(permute(x, a, batch + rows + terms), matrix(extent(rows), extent(terms)));
    const ValueId right =
        reshape(permute(y, b, batch + terms + columns), matrix(extent(terms), extent(columns)));
    labels = batch + rows + columns;
    return reshape(add("MatMul", {left, right}, {{"computed_weights", std::int64_t{1}}}), e.shape(labels));
  }

  void run() {
    const Einsum e = resolve_einsum(graph, einsum);
    std::string labels = e.operands[0];
    const ValueId y = e.operands.size() == 2 ? product(e, labels) : sum(einsum.inputs[0], labels, e.output);
    nodes.push_back(
        {"Identity", "", einsum.name, einsum.index, {permute(y, labels, e.output)}, einsum.outputs, {}});
  }
};

}  // namespace

void expand_einsum(Graph& graph) {
  std::vector<Node> nodes;
  for (Node& node : graph.nodes) {
    if (!node.is("Einsum")) {
      nodes.push_back(std::move(node));
      continue;
    }
    Expansion expansion{graph, node};
    expansion.run();
    std::move(expansion.nodes.begin(), expansion.nodes.end(), std::back_inserter(nodes));
  }
  graph.nodes = std::move(nodes);
}

}  // namespace o2m
