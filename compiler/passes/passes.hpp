// The Graph passes in the order compile.cpp runs them. Each rewrites the graph in place; a problem with a
// node is reported with its place, all problems of a pass together.
#pragma once

#include <functional>
#include <string>

#include "diagnostics.hpp"
#include "ir/graph.hpp"

namespace o2m {

/// Infers type and shape of every value and folds what is constant (shape arithmetic, Constant, weights'
/// Transpose…). DequantizeLinear of a constant stays until `fold_dequantize`: the quantized form needs the
/// integers behind it.
void infer_shapes(Graph& graph, Diagnostics& diagnostics, bool fold_dequantize = false);

/// com.microsoft FusedConv and FusedGemm as Conv or Gemm and the activation behind it (infer_shapes begins
/// with it).
void expand_fused(Graph& graph);

/// Einsum as MatMul, ReduceSum and Transpose.
void expand_einsum(Graph& graph);

/// Brings QDQ graphs to the quantized operators ONNX Runtime would run, by its own fusion rules.
void fold_qdq(Graph& graph, Diagnostics& diagnostics);

/// Float products between DQ and Q that fold_qdq left alone are computed in integers with a guard band.
void guard_float_products(Graph& graph);

/// --io quantized: the network begins behind a first QuantizeLinear and ends before a last DequantizeLinear.
void strip_io_quantization(Graph& graph);

/// Merges what needs no code of its own: float BatchNormalization into Conv, chains of 8-bit elementwise
/// operators into one table, clamps into the operator before them.
void fuse(Graph& graph);

/// Convolutions and pools become channels-last; the Transposes this takes are cancelled, merged into weights,
/// or moved to where they cost least. `nhwc_ports`: 4-D network inputs and outputs are NHWC too (--layout
/// nhwc).
void layout(Graph& graph, bool nhwc_ports);

/// Thrown for a node that cannot be looked at yet, nor what reads it.
struct Postponed {};

/// Runs `body` on each node; a Refusal becomes an error with the node's place and its tensors.
void for_each_node(Graph& graph, Diagnostics& diagnostics, const std::function<void(Node&)>& body);

/// The error for `node` as for_each_node reports it.
Diagnostic node_error(const Graph& graph, const Node& node, const Refusal& refusal);

}  // namespace o2m
