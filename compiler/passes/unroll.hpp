// A Loop or Scan of a known number of iterations as the nodes it runs.
#pragma once

#include <memory>
#include <vector>

#include "ir/graph.hpp"

namespace o2m {

using BranchPtr = std::shared_ptr<const Branch>;

/// A Loop or Scan: what its body reads and makes. Inputs of the body are [iteration, condition,] states,
/// scanned slices; its outputs are [condition,] states, collected slices.
struct Repetition {
  BranchPtr body;
  std::int64_t count = 0;        ///< iterations
  std::size_t states = 0;        ///< values that go from one iteration to the next
  std::size_t first_input = 0;   ///< 2 in a Loop
  std::size_t first_output = 0;  ///< 1 in a Loop
  std::size_t scanned() const { return body->inputs.size() - first_input - states; }
  std::size_t collected() const { return body->outputs.size() - first_output - states; }
};

/// Entry i of an attribute with one integer per scanned input or collected output; 0 without it.
std::int64_t entry(const Node& node, const char* key, std::size_t i, std::size_t count);

/// Axis along which scanned input i is cut; its shape is known.
std::int64_t scan_axis(const Graph& graph, const Node& node, const Repetition& r, std::size_t i);

/// Appends the body of `node` to `nodes`, once per iteration, and what joins the iterations.
void unroll(Graph& graph, const Node& node, const Repetition& r, std::vector<Node>& nodes);

}  // namespace o2m
