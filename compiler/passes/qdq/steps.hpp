// The steps of fold_qdq. Each does what one graph transformer of ONNX Runtime 1.30 does on x86-64, and
// returns whether it changed the graph; fold_qdq.cpp repeats them in ONNX Runtime's order until nothing
// changes.
#pragma once

#include "diagnostics.hpp"
#include "ir/graph.hpp"

namespace o2m {

// First level: rules on single nodes and their neighbours (basic_rules.cpp, conv_rules.cpp, pad_rule.cpp).
bool remove_identities(
    Graph& graph);  ///< Identity, Dropout, Cast to the same type, x + 0, x - 0, x * 1, x / 1
bool merge_relu_into_clip(Graph& graph);      ///< Relu -> Clip becomes Clip with a minimum of at least 0
bool move_transpose_into_gemm(Graph& graph);  ///< Transpose before or behind Gemm becomes transA, transB
bool fold_into_conv(Graph& graph);            ///< Conv -> Add, Mul, BatchNormalization with constants
bool fold_into_matmul(Graph& graph);          ///< MatMul -> BatchNormalization becomes Gemm
bool merge_pad(Graph& graph);                 ///< Pad with zeros -> Conv, MaxPool, AveragePool

// First level: passes over the graph.
bool remove_double_pairs(Graph& graph);        ///< Q -> DQ -> Q -> DQ becomes Q -> DQ over the common range
bool merge_common_nodes(Graph& graph);         ///< equal nodes become one
bool fold_constant_units(Graph& graph);        ///< constant -> DQ -> X -> Q is computed now
bool merge_matmul_add(Graph& graph);           ///< MatMul -> Add becomes Gemm
bool propagate_pairs(Graph& graph);            ///< Q -> DQ pairs are inserted around data movement
bool quantize_weights_and_bias(Graph& graph);  ///< float weights and biases of Conv and Gemm between DQ and Q
bool give_each_reader_its_dq(Graph& graph);    ///< a DQ with several readers is duplicated

// Second level.
bool remove_clamps_before_q(Graph& graph);         ///< Relu or Clip that the saturation of Q makes redundant
bool convert_s8_to_u8(Graph& graph);               ///< Q -> DQ pairs of int8 become uint8
bool select_quantized(Graph& graph);               ///< DQ -> node -> Q becomes the quantized operator
bool remove_requantization_to_same(Graph& graph);  ///< DQ -> Q with the same parameters and one reader

/// Scale and zero point of the 8-bit network inputs and outputs, from the Q and DQ nodes next to them.
void record_port_quantization(Graph& graph);

/// Refuses scales and zero points computed at run time where ONNX Runtime could compute in integers by them.
void refuse_computed_groups(Graph& graph, Diagnostics& diagnostics);

/// Warns once when ONNX Runtime itself would saturate products on a CPU without VNNI, and about float
/// operators whose ONNX Runtime counterpart is not reproduced.
void warn_about_differences(const Graph& graph, Diagnostics& diagnostics);

}  // namespace o2m
