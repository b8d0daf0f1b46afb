// Einsum's equation, resolved against the shapes of its operands: every dimension a label, "..." as labels of
// its own.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ir/graph.hpp"

namespace o2m {

struct Einsum {
  std::vector<std::string> operands;  ///< one label per dimension
  std::string output;
  std::map<char, std::int64_t> extent;

  Shape shape(const std::string& labels) const;
};

/// Refuses what ONNX forbids, and what is no product of two matrices, sum or transposition: diagonals, three
/// operands or more, broadcasting, an output label that no operand has.
Einsum resolve_einsum(const Graph& graph, const Node& node);

}  // namespace o2m
