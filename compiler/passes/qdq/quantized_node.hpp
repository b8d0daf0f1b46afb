// What becomes of a selected unit DQ -> node -> Q: the quantized operator with its inputs in official order,
// or the node on the integers themselves. Every function returns true.
#pragma once

#include "passes/qdq/rewriter.hpp"

namespace o2m {

/// A node with the DQs before it (by input), the Qs behind it (by output), and a redundant Relu or Clip
/// between.
struct QuantizedUnit {
  int node = -1;
  std::vector<int> dqs, qs;
  int clamp = -1;
};

bool drop_pairs(Rewriter& r, const QuantizedUnit& u);
bool fuse_unary(Rewriter& r, const QuantizedUnit& u);
bool fuse_binary(Rewriter& r, const QuantizedUnit& u);
bool fuse_concat(Rewriter& r, const QuantizedUnit& u);
bool fuse_conv(Rewriter& r, const QuantizedUnit& u);
bool fuse_matmul(Rewriter& r, const QuantizedUnit& u);
bool fuse_gemm(Rewriter& r, const QuantizedUnit& u);

/// The saturation of per-tensor `q` does what Relu or Clip `clamp` does.
bool clamp_is_redundant(const Graph& graph, const Node& clamp, const Node& q);

}  // namespace o2m
