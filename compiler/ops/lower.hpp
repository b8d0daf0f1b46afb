// What an operator's `lower` sees: its inputs as buffers or constants, and builders for buffers, constant
// arrays and kernel calls of the Program.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "ops/op.hpp"
#include "program/code_form.hpp"
#include "program/program.hpp"
#include "target.hpp"

namespace o2m {

/// Where each Graph value lives in the Program; several values may share one buffer (Reshape and its like).
using ValueBuffers = std::vector<BufferId>;

struct LowerContext {
  const Graph& graph;
  const Node& node;
  Program& program;
  ValueBuffers& buffers;
  const Target& target;
  const CodeForms& forms;

  const Value& in(std::size_t i) const { return graph[node.inputs[i]]; }
  const Value& out(std::size_t o) const { return graph[node.outputs[o]]; }
  const Shape& in_shape(std::size_t i) const { return graph.shape(node.inputs[i]); }
  const Shape& out_shape(std::size_t o) const { return graph.shape(node.outputs[o]); }
  const Tensor* constant(std::size_t i) const {
    return node.has_input(i) ? graph.constant(node.inputs[i]) : nullptr;
  }
  const Tensor& required_constant(std::size_t i, const char* what) const;

  /// The operand behind input i: its arena buffer, or its constant emitted as an array.
  Operand operand(std::size_t i);
  /// A new arena buffer for output o.
  BufferId output(std::size_t o);
  /// Output o is input i seen under another shape: no code, no copy.
  void alias(std::size_t o, std::size_t i);
  BufferId scratch(std::string what, DType type, std::int64_t count);

  /// A constant array named after this layer: "<layer>_<suffix>". Arrays of equal content are shared.
  ConstantId array(const std::string& suffix, DType type, std::vector<std::byte> bytes);
  template <class T>
  ConstantId array(const std::string& suffix, DType type, const std::vector<T>& values) {
    const auto* first = reinterpret_cast<const std::byte*>(values.data());
    return array(suffix, type, std::vector<std::byte>(first, first + values.size() * sizeof(T)));
  }

  /// Starts the call of this node: kernel "conv2d" of runtime header "conv2d.hpp" with reads and writes
  /// filled in by the caller, name, origin and summary filled in here. Append it with add().
  Call call(std::string kernel, std::string header);
  void add(Call call);

  /// Unique snake_case name of this node's layer, made from its ONNX name or its op_type.
  const std::string& layer_name();
  /// How this node's layer is to be written.
  const CodeForm& form() { return forms.of(layer_name()); }
  /// Whether the kernels that keep blocks of accumulators in registers are to be used.
  bool blocked() { return target.has_dsp && form().blocked; }

  std::string layer_name_ = {};  ///< chosen by the first layer_name()
};

/// The value of an int param of the call, or `otherwise`.
std::int64_t int_param(const Call& call, std::string_view name, std::int64_t otherwise = 0);
/// The values of an int[] param of the call; none if it has no such param.
std::vector<std::int64_t> int_list_param(const Call& call, std::string_view name);

// Params of a layer struct. Floats are printed exactly.
Param param(std::string name, std::int64_t value);
Param param_bool(std::string name, bool value);
Param param_float(std::string name, float value);
Param param_type(std::string name, DType type);  ///< `using NAME = std::int8_t;`
Param param_array(const Program& program, std::string name,
                  ConstantId id);  ///< `static constexpr auto& NAME = array;`
Param param_ints(std::string name,
                 const std::vector<std::int64_t>& values);  ///< `static constexpr int NAME[] = {…};`

}  // namespace o2m
