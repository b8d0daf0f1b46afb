// Graph: the network in ONNX words (nodes, values, initializers, attributes). Passes rewrite it; lowering
// reads it. Nodes stand in topological order. Values are referred to by ValueId, an index into Graph::values.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "ir/tensor.hpp"

namespace o2m {

enum class ValueId : int { none = -1 };  ///< none: an omitted optional input or output

constexpr std::size_t index(ValueId id) { return static_cast<std::size_t>(id); }

struct Value {
  std::string name;  ///< ONNX name, verbatim; passes that make values derive a name from the old one
  DType type = DType::undefined;  ///< undefined until known
  std::optional<Shape> shape;     ///< unset until known
  TensorPtr constant;             ///< initializer or folded constant; null for a run-time value
};

struct Branch;

using Attribute =
    std::variant<std::int64_t, float, std::string, std::vector<std::int64_t>, std::vector<float>,
                 std::vector<std::string>, TensorPtr, std::shared_ptr<const Branch>>;

struct Node {
  std::string op_type;
  std::string domain;  ///< "" is ai.onnx
  std::string name;    ///< ONNX name, may be empty
  int index = -1;      ///< position in the ONNX file, kept through rewrites for messages
  std::vector<ValueId> inputs;
  std::vector<ValueId> outputs;
  std::map<std::string, Attribute> attributes;

  bool is(std::string_view type, std::string_view in_domain = "") const {
    return op_type == type && domain == in_domain;
  }
  bool has_input(std::size_t i) const { return i < inputs.size() && inputs[i] != ValueId::none; }

  /// Attribute accessors; a present attribute of another type is refused.
  std::int64_t attr(const std::string& key, std::int64_t fallback) const;
  float attr_float(const std::string& key, float fallback) const;
  std::string attr_string(const std::string& key, const std::string& fallback) const;
  std::optional<std::vector<std::int64_t>> attr_ints(const std::string& key) const;
  bool has_attr(const std::string& key) const { return attributes.count(key) != 0; }
};

/// A subgraph of an If, Loop or Scan; its values are the graph's. What it reads from outside are inputs of
/// that node too, behind those that it is given.
struct Branch {
  std::vector<ValueId> inputs;  ///< of a body; a branch of an If has none
  std::vector<Node> nodes;
  std::vector<ValueId> outputs;
};

struct Graph {
  std::string name;
  std::map<std::string, std::int64_t> opsets;  ///< domain -> version
  std::vector<Value> values;
  std::vector<Node> nodes;
  std::vector<ValueId>
      inputs;  ///< run-time inputs only (initializers that are also listed as inputs are constants)
  std::vector<ValueId> outputs;
  /// Scale and zero point of 8-bit inputs and outputs, as the model's Q/DQ nodes give them (set by fold_qdq).
  std::map<ValueId, std::pair<float, int>> port_quantization;
  std::vector<std::string> notes;  ///< what passes did and why, one line each, for inspect
  /// Positions in inputs and outputs: what a run leaves in the output, the next run finds in the input
  /// (--state).
  std::vector<std::pair<std::size_t, std::size_t>> states;
  bool nhwc_ports = false;  ///< 4-D inputs and outputs have been turned to NHWC

  Value& operator[](ValueId id) { return values[o2m::index(id)]; }
  const Value& operator[](ValueId id) const { return values[o2m::index(id)]; }

  std::int64_t opset(const std::string& domain = "") const;
  ValueId add_value(Value value);
  ValueId add_constant(const std::string& name, Tensor tensor);
  /// The constant behind an input, or null (also for an omitted input).
  const Tensor* constant(ValueId id) const;
  /// The shape of a value; refused ("shape is not known") when it is unset.
  const Shape& shape(ValueId id) const;
};

/// Who makes and who reads each value; valid until nodes change. Indices into Graph::nodes.
struct Uses {
  explicit Uses(const Graph& graph);
  std::vector<int> producer;                ///< -1: graph input, constant or nothing
  std::vector<std::vector<int>> consumers;  ///< one entry per use
  std::vector<bool> is_output;              ///< a graph output

  /// True if the value is read exactly once and is no graph output.
  bool single(ValueId id) const {
    return consumers[o2m::index(id)].size() == 1 && !is_output[o2m::index(id)];
  }
};

/// `node 7 "features.3/Conv" (QLinearConv)`; an unnamed node is named by its first output.
std::string describe(const Graph& graph, const Node& node);
/// `"x" uint8[1, 1, 28, 28]`
std::string describe(const Graph& graph, ValueId id);

/// Replaces every use of `from` (node inputs and graph outputs) by `to`.
void replace_uses(Graph& graph, ValueId from, ValueId to);

/// Removes nodes none of whose outputs is used, and drops constants nobody reads.
void remove_dead(Graph& graph);

}  // namespace o2m
