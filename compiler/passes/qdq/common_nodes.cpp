// Equal nodes become one (ConstantSharing and CommonSubexpressionElimination in ONNX Runtime). It decides
// whether a quantized tensor has one reader or two, and with that whether int8 becomes uint8.

#include <map>
#include <tuple>

#include "passes/qdq/pairs.hpp"
#include "passes/qdq/steps.hpp"

namespace o2m {
namespace {

/// ONNX Runtime shares constants of at most 8 elements in these types; 8-bit zero points stay apart.
bool shared_by_value(const Tensor& t) {
  const bool listed = t.type == DType::float32 || t.type == DType::float64 || t.type == DType::float16 ||
                      t.type == DType::int32 || t.type == DType::int64;
  return listed && t.count() <= 8;
}

struct Numbering {
  const Graph& graph;
  std::map<std::tuple<DType, Shape, std::vector<std::byte>>, ValueId> constants;
  std::map<ValueId, ValueId> merged;  ///< value of a dropped node -> its twin

  ValueId operator()(ValueId id) {
    for (auto it = merged.find(id); it != merged.end(); it = merged.find(id)) id = it->second;
    const Tensor* t = graph.constant(id);
    if (!t || !shared_by_value(*t)) return id;
    return constants.emplace(std::tuple(t->type, t->shape, t->bytes), id).first->second;
  }
};

bool may_merge(const Node& node) {
  if (node.domain == "com.microsoft") return is_q(node) || is_dq(node);
  return node.domain.empty() && !is_dq(node);  // DQs stay apart: each belongs to the node that reads it
}

using Key =
    std::tuple<std::string, std::string, std::vector<ValueId>, std::map<std::string, Attribute>, std::size_t>;

Key key_of(const Node& node, Numbering& number) {
  std::vector<ValueId> inputs;
  for (const ValueId id : node.inputs) inputs.push_back(number(id));
  return {node.domain, node.op_type, std::move(inputs), node.attributes, node.outputs.size()};
}

/// Readers of `dropped` read `kept` from now on.
void merge_outputs(Rewriter& r, Numbering& number, int dropped, int kept) {
  for (std::size_t o = 0; o < r.node(kept).outputs.size(); ++o) {
    const ValueId from = r.node(dropped).outputs[o], to = r.node(kept).outputs[o];
    if (from == ValueId::none || to == ValueId::none) continue;
    number.merged[from] = to;
    r.move_readers(from, to);
  }
  if (!r.makes_output(dropped) && r.edge_count(dropped) == 0) r.remove(dropped);
}

}  // namespace

bool merge_common_nodes(Graph& graph) {
  Rewriter r(graph);
  Numbering number{graph, {}, {}};
  std::map<Key, int> first;
  for (int n = 0; n < static_cast<int>(r.size()); ++n) {
    if (!may_merge(r.node(n))) continue;
    const auto [it, is_first] = first.emplace(key_of(r.node(n), number), n);
    if (is_first) continue;
    const bool keep_later =
        r.makes_output(n) && !r.makes_output(it->second);  // a graph output keeps its name
    if (keep_later) std::swap(n, it->second);
    merge_outputs(r, number, n, it->second);
    if (keep_later) n = it->second;
  }
  return r.finish();
}

}  // namespace o2m
