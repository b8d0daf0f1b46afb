// One Op per ONNX operator: how to infer its outputs, how to lower it, and (where constants may meet it) how
// to evaluate it. ops.def lists them all, one line each; each lives in the file of its name in compiler/ops/.
// These functions throw Refusal with the reason alone; the pass that walks the nodes adds the place.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "diagnostics.hpp"
#include "ir/graph.hpp"

namespace o2m {

struct LowerContext;

/// What `infer` sees: the node, what is known of its inputs, and a place for type and shape of each output.
struct InferContext {
  Graph& graph;
  const Node& node;

  std::size_t input_count() const { return node.inputs.size(); }
  bool has(std::size_t i) const { return node.has_input(i); }
  DType type(std::size_t i) const { return graph[at(i)].type; }
  const Shape& shape(std::size_t i) const { return graph.shape(at(i)); }
  /// The constant value of input i, or null when omitted or only known at run time.
  const Tensor* constant(std::size_t i) const { return has(i) ? graph.constant(node.inputs[i]) : nullptr; }
  /// The same, but refused unless it is a constant; `what` names the input in the message.
  const Tensor& required_constant(std::size_t i, const char* what) const;
  /// Sets type and shape of output o (ignored when the output is omitted). Refuses dimensions that are
  /// negative or too large, and a contradiction with an already declared type or static shape.
  void set(std::size_t o, DType type, Shape shape);

 private:
  ValueId at(std::size_t i) const;
};

using EvalInputs = std::span<const Tensor* const>;  ///< null for an omitted input

struct Op {
  std::string_view domain;  ///< "", "com.microsoft" or "onnx2mcu" (made by our own passes)
  std::string_view type;
  void (*infer)(InferContext&);
  void (*lower)(LowerContext&) = nullptr;  ///< null: only legal where it folds away
  std::vector<Tensor> (*eval)(const Graph&, const Node&, EvalInputs) = nullptr;  ///< exact: folds constants
  /// For calibration, where eval is null: fast, and within rounding of what the generated code computes.
  std::vector<Tensor> (*estimate)(const Graph&, const Node&, EvalInputs) = nullptr;
};

/// Defines an operator listed in ops.def: `ONNX2MCU_DEFINE_OP(op_Relu){"", "Relu", infer, lower, eval};`
#define ONNX2MCU_DEFINE_OP(symbol) \
  extern const Op symbol;          \
  const Op symbol

/// The operator's entry, or null if this compiler does not know it.
const Op* find_op(std::string_view domain, std::string_view type);
/// The same for a node that has passed import; an operator missing from ops.def is a fault of ours and
/// throws.
const Op& op_of(const Node& node);
/// All operators in the order of ops.def.
std::span<const Op* const> all_ops();

/// NumPy broadcasting of two shapes (ONNX "multidirectional"); refused when they do not match.
Shape broadcast(const Shape& a, const Shape& b);
/// Axis in [-rank, rank) made non-negative; refused otherwise.
std::size_t normalize_axis(std::int64_t axis, std::size_t rank);

}  // namespace o2m
