// Rewriter: edits a Graph node by node while knowing who makes and who reads each value. Nodes keep their
// numbers until finish(), which drops the removed ones and brings the rest into topological order again.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "ir/graph.hpp"

namespace o2m {

/// One use of a value: input `slot` of node `node`.
struct Edge {
  int node = -1;
  std::size_t slot = 0;
};

struct Rewriter {
  explicit Rewriter(Graph& g);

  Graph& graph;
  bool modified = false;

  std::size_t size() const { return graph.nodes.size(); }
  Node& node(int n) { return graph.nodes[static_cast<std::size_t>(n)]; }
  const Node& node(int n) const { return graph.nodes[static_cast<std::size_t>(n)]; }
  bool alive(int n) const { return !removed_[static_cast<std::size_t>(n)]; }

  /// The node that makes `id`, or -1: a graph input, a constant, an omitted input.
  int producer(ValueId id) const { return id == ValueId::none ? -1 : producers_[index(id)]; }
  /// The node that makes input `slot` of node `n`, or -1.
  int input_node(int n, std::size_t slot) const {
    return node(n).has_input(slot) ? producer(node(n).inputs[slot]) : -1;
  }
  const std::vector<Edge>& readers(ValueId id) const { return readers_[index(id)]; }
  bool is_output(ValueId id) const { return outputs_[index(id)]; }
  bool is_constant(ValueId id) const { return graph.constant(id) != nullptr; }

  /// Uses of all outputs of `n` by other nodes, and whether one of them is a graph output.
  std::size_t edge_count(int n) const;
  bool makes_output(int n) const;
  /// The node behind the only use of `n`'s outputs when none of them is a graph output; otherwise -1.
  int only_reader(int n) const;

  /// Adds a node that belongs beside node `near`; returns its number.
  int add(Node added, int near);
  void remove(int n);
  /// Puts another node in the place of node `n`.
  void replace(int n, Node replacement);
  void set_input(int n, std::size_t slot, ValueId id);
  void set_output(int n, std::size_t slot, ValueId id);
  /// All readers of `from` (nodes, not graph outputs) read `to` instead.
  void move_readers(ValueId from, ValueId to);
  /// Removes single-output node `n` so that its readers see `input` instead. False, and nothing is done, if
  /// `n` makes a graph output that the producer of `input` cannot take over.
  bool bypass(int n, ValueId input);

  /// A run-time value named "<like>_<suffix>" with the shape of `like`.
  ValueId new_value(ValueId like, const std::string& suffix, DType type);
  ValueId new_constant(ValueId like, const std::string& suffix, Tensor tensor);

  /// Returns `modified`.
  bool finish();

 private:
  void connect(int n);
  void disconnect(int n);
  void cover_new_values();

  std::vector<int> producers_;
  std::vector<std::vector<Edge>> readers_;
  std::vector<bool> outputs_;
  std::vector<bool> removed_;
  std::vector<std::pair<int, int>> order_;  ///< sort key of each node: position of its neighbour, then age
};

}  // namespace o2m
