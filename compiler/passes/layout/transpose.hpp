// Rewrites around Transpose nodes, for the layout pass.
#pragma once

#include <algorithm>
#include <vector>

#include "ir/graph.hpp"

namespace o2m {

using Perm = std::vector<std::int64_t>;  ///< ONNX Transpose: output dimension i is input dimension perm[i]

Perm inverse(const Perm& perm);
Shape permute(const Shape& shape, const Perm& perm);

/// The constant with its elements in the new order.
Tensor transpose_constant(const Tensor& t, const Perm& perm);
/// The Transpose that makes `id`, or null.
const Node* transpose_above(const Graph& graph, const Uses& uses, ValueId id);

/// Inserts nodes while keeping topological order.
struct GraphEditor {
  Graph& graph;

  /// Input `i` of node `n` becomes Transpose(perm) of what it was; returns the node's new index.
  std::size_t transpose_input(std::size_t n, std::size_t i, const Perm& perm);
  /// Node `n` now makes Transpose(perm) of its old output 0; a Transpose behind it restores the old value for
  /// all readers.
  void transpose_output(std::size_t n, const Perm& perm);
  /// The graph input becomes a value of shape permute(old, inverse(perm)); a Transpose(perm) makes the old
  /// one.
  void transpose_graph_input(ValueId& id, const Perm& perm);
  void transpose_graph_output(ValueId& id, const Perm& perm);
};

/// One round of merging, dropping, sinking and absorbing Transposes; true if anything changed.
bool simplify_transposes(GraphEditor& edit);

}  // namespace o2m
