#include "passes/layout/transpose.hpp"

#include <fmt/format.h>

#include "ops/op.hpp"
#include "passes/layout/absorb.hpp"
#include "passes/layout/sink.hpp"

namespace o2m {
namespace {

Node transpose_node(ValueId from, ValueId to, const Perm& perm, const Node* near) {
  Node node{"Transpose", "", near ? near->name + "_layout" : "layout", near ? near->index : 0, {from},
            {to},        {}};
  node.attributes["perm"] = perm;
  return node;
}

ValueId like(Graph& graph, ValueId id, const Perm& perm) {
  const Value old = graph[id];
  return graph.add_value({old.name, old.type, permute(*old.shape, perm), nullptr});
}

bool moves_nothing(const Shape& in, const Perm& perm) {
  std::vector<std::int64_t> moved;  // order of the dimensions larger than 1
  for (const std::int64_t p : perm)
    if (in[static_cast<std::size_t>(p)] != 1) moved.push_back(p);
  return std::is_sorted(moved.begin(), moved.end());
}

Node reshape_node(Graph& graph, const Node& transpose) {
  const Shape& shape = *graph[transpose.outputs[0]].shape;
  const ValueId target =
      graph.add_constant(graph[transpose.outputs[0]].name + "_shape",
                         make_tensor(DType::int64, {static_cast<std::int64_t>(shape.size())},
                                     std::span<const std::int64_t>(shape)));
  return {"Reshape",         "", transpose.name, transpose.index, {transpose.inputs[0], target},
          transpose.outputs, {}};
}

/// Transpose of Transpose is one Transpose; of a constant it is a constant (left to folding); of nothing a
/// Reshape.
bool simplify_one(Graph& graph, const Uses& uses, std::size_t n) {
  Node& node = graph.nodes[n];
  const Perm perm = *node.attr_ints("perm");
  const Shape& in = graph.shape(node.inputs[0]);
  if (std::is_sorted(perm.begin(), perm.end()) && !uses.is_output[index(node.outputs[0])]) {
    replace_uses(graph, node.outputs[0], node.inputs[0]);
    return true;
  }
  if (moves_nothing(in, perm)) {
    node = reshape_node(graph, node);
    return true;
  }
  const int above = uses.producer[index(node.inputs[0])];
  if (above < 0 || !graph.nodes[static_cast<std::size_t>(above)].is("Transpose")) return false;
  const Node& first = graph.nodes[static_cast<std::size_t>(above)];
  const Perm first_perm = *first.attr_ints("perm");
  Perm both;
  for (const std::int64_t p : perm) both.push_back(first_perm[static_cast<std::size_t>(p)]);
  node.attributes["perm"] = both;
  node.inputs[0] = first.inputs[0];
  return true;
}

}  // namespace

Perm inverse(const Perm& perm) {
  Perm out(perm.size());
  for (std::size_t i = 0; i < perm.size(); ++i)
    out[static_cast<std::size_t>(perm[i])] = static_cast<std::int64_t>(i);
  return out;
}

Shape permute(const Shape& shape, const Perm& perm) {
  Shape out;
  for (const std::int64_t p : perm) out.push_back(shape[static_cast<std::size_t>(p)]);
  return out;
}

const Node* transpose_above(const Graph& graph, const Uses& uses, ValueId id) {
  const int n = id == ValueId::none ? -1 : uses.producer[index(id)];
  if (n < 0 || !graph.nodes[static_cast<std::size_t>(n)].is("Transpose")) return nullptr;
  return &graph.nodes[static_cast<std::size_t>(n)];
}

Tensor transpose_constant(const Tensor& t, const Perm& perm) {
  Tensor out = make_tensor(t.type, permute(t.shape, perm));
  const auto item = static_cast<std::size_t>(size_of(t.type));
  std::vector<std::int64_t> stride(t.shape.size(), 1);
  for (std::size_t i = t.shape.size(); i-- > 1;) stride[i - 1] = stride[i] * t.shape[i];
  std::vector<std::int64_t> at(perm.size(), 0);
  for (std::int64_t i = 0; i < out.count(); ++i) {
    std::int64_t from = 0;
    for (std::size_t d = 0; d < perm.size(); ++d) from += at[d] * stride[static_cast<std::size_t>(perm[d])];
    std::memcpy(out.bytes.data() + static_cast<std::size_t>(i) * item,
                t.bytes.data() + static_cast<std::size_t>(from) * item, item);
    for (std::size_t d = perm.size(); d-- > 0;) {
      if (++at[d] < out.shape[d]) break;
      at[d] = 0;
    }
  }
  return out;
}

std::size_t GraphEditor::transpose_input(std::size_t n, std::size_t i, const Perm& perm) {
  const ValueId old = graph.nodes[n].inputs[i];
  const ValueId now = like(graph, old, perm);
  Node transpose = transpose_node(old, now, perm, &graph.nodes[n]);
  graph.nodes[n].inputs[i] = now;
  graph.nodes.insert(graph.nodes.begin() + static_cast<std::ptrdiff_t>(n), std::move(transpose));
  return n + 1;
}

void GraphEditor::transpose_output(std::size_t n, const Perm& perm) {
  const ValueId old = graph.nodes[n].outputs[0];
  const ValueId now = like(graph, old, perm);
  graph.nodes[n].outputs[0] = now;
  Node transpose = transpose_node(now, old, inverse(perm), &graph.nodes[n]);
  graph.nodes.insert(graph.nodes.begin() + static_cast<std::ptrdiff_t>(n) + 1, std::move(transpose));
}

void GraphEditor::transpose_graph_input(ValueId& id, const Perm& perm) {
  const ValueId inside = id;
  id = like(graph, inside, inverse(perm));
  if (const auto it = graph.port_quantization.find(inside); it != graph.port_quantization.end())
    graph.port_quantization[id] = it->second;
  graph.nodes.insert(graph.nodes.begin(), transpose_node(id, inside, perm, nullptr));
}

void GraphEditor::transpose_graph_output(ValueId& id, const Perm& perm) {
  const ValueId inside = id;
  id = like(graph, inside, perm);
  if (const auto it = graph.port_quantization.find(inside); it != graph.port_quantization.end())
    graph.port_quantization[id] = it->second;
  graph.nodes.push_back(transpose_node(inside, id, perm, nullptr));
}

bool simplify_transposes(GraphEditor& edit) {
  Graph& graph = edit.graph;
  const Uses uses(graph);
  bool simplified = false;  // all in one go: who makes a value does not change
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    if (!graph.nodes[n].is("Transpose") || graph[graph.nodes[n].inputs[0]].constant) continue;
    if (simplify_one(graph, uses, n)) simplified = true;
  }
  if (simplified) return true;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n)
    if (sink_into(edit, uses, n) || absorb_into_weights(edit, uses, n)) return true;
  return false;
}

}  // namespace o2m
