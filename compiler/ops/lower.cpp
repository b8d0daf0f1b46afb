#include "ops/lower.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <set>

#include "program/names.hpp"

namespace o2m {
namespace {

/// Bytes, with shape, of a value as the summary shows them: "uint8[28, 28, 1]".
std::string brief(const Graph& graph, ValueId id) {
  const Value& v = graph[id];
  return to_string(v.type) + (v.shape ? to_string(*v.shape) : "");
}

}  // namespace

const Tensor& LowerContext::required_constant(std::size_t i, const char* what) const {
  const Tensor* t = constant(i);
  if (!t) refuse("{} (input {}) must be a constant, it is computed at run time", what, i);
  return *t;
}

const std::string& LowerContext::layer_name() {
  if (!layer_name_.empty()) return layer_name_;
  layer_name_ = unique_layer_name(program, node.name.empty() ? node.op_type : node.name, node.op_type);
  return layer_name_;
}

Operand LowerContext::operand(std::size_t i) {
  const ValueId id = node.inputs.at(i);
  if (const Tensor* t = graph.constant(id)) return array("x" + std::to_string(i), t->type, t->bytes);
  const BufferId buffer = buffers[index(id)];
  if (buffer == BufferId::none) refuse("input {} has no buffer (internal fault)", i);
  return buffer;
}

BufferId LowerContext::output(std::size_t o) {
  if (node.outputs.at(o) == ValueId::none) refuse("output {} is omitted", o);
  const Value& value = out(o);
  if (!has_cpp_type(value.type))
    refuse("output {} is {}, a type that generated code does not have", o, to_string(value.type));
  const std::int64_t bytes = element_count(*value.shape) * size_of(value.type);
  if (bytes > INT32_MAX)
    refuse("output {} takes {} bytes, generated code can address {}", o, bytes, INT32_MAX);
  Buffer b{value.name, value.type, *value.shape, bytes, std::max(4, size_of(value.type))};
  program.buffers.push_back(std::move(b));
  return buffers[index(node.outputs[o])] = static_cast<BufferId>(program.buffers.size() - 1);
}

void LowerContext::alias(std::size_t o, std::size_t i) {
  buffers[index(node.outputs[o])] = buffers[index(node.inputs[i])];
}

BufferId LowerContext::scratch(std::string what, DType type, std::int64_t count) {
  program.buffers.push_back(
      {std::move(what), type, {count}, count * size_of(type), std::max(4, size_of(type))});
  return static_cast<BufferId>(program.buffers.size() - 1);
}

ConstantId LowerContext::array(const std::string& suffix, DType type, std::vector<std::byte> bytes) {
  for (std::size_t i = 0; i < program.constants.size(); ++i) {
    const ConstantArray& c = program.constants[i];
    if (c.type == type && c.bytes == bytes) return static_cast<ConstantId>(i);
  }
  program.constants.push_back(
      {unique_constant_name(program, layer_name() + "_" + suffix), type, std::move(bytes)});
  return static_cast<ConstantId>(program.constants.size() - 1);
}

/// "a, b, c"; of many, the first few and how many there are.
static std::string several(const std::vector<std::string>& texts) {
  constexpr std::size_t most = 8;
  if (texts.size() <= most) return fmt::format("{}", fmt::join(texts, ", "));
  return fmt::format("{}, … ({} in all)", fmt::join(texts.begin(), texts.begin() + most / 2, ", "),
                     texts.size());
}

Call LowerContext::call(std::string kernel, std::string header) {
  Call call;
  call.kernel = std::move(kernel);
  call.header = std::move(header);
  call.name = layer_name();
  call.origin = describe(graph, node);
  std::vector<std::string> in, out;
  for (const ValueId id : node.inputs)
    if (id != ValueId::none && !graph[id].constant) in.push_back(brief(graph, id));
  for (const ValueId id : node.outputs) {
    if (id == ValueId::none) continue;
    out.push_back(brief(graph, id));
    call.tensors.push_back(graph[id].name);
  }
  call.summary = several(in) + " -> " + several(out);
  return call;
}

void LowerContext::add(Call call) {
  // A kernel takes each tensor as an argument, and C++ compilers give up on a thousand.
  constexpr std::size_t most = 256;
  const std::size_t tensors = call.reads.size() + call.writes.size();
  if (tensors > most) refuse("it has {} inputs and outputs, at most {} are supported", tensors, most);
  program.calls.push_back(std::move(call));
}

std::int64_t int_param(const Call& call, std::string_view name, std::int64_t otherwise) {
  for (const Param& p : call.params)
    if (p.name == name && p.type == "int") return std::stoll(p.value);
  return otherwise;
}

std::vector<std::int64_t> int_list_param(const Call& call, std::string_view name) {
  std::vector<std::int64_t> out;
  for (const Param& p : call.params) {
    if (p.name != std::string(name) + "[]") continue;
    for (const char* at = p.value.data() + 1; *at != '\0' && *at != '}';) {  // "{196, 16}"
      std::int64_t value = 0;
      at = std::from_chars(at, p.value.data() + p.value.size(), value).ptr;
      out.push_back(value);
      while (*at == ',' || *at == ' ') ++at;
    }
  }
  return out;
}

Param param(std::string name, std::int64_t value) { return {"int", std::move(name), std::to_string(value)}; }

Param param_bool(std::string name, bool value) { return {"bool", std::move(name), value ? "true" : "false"}; }

Param param_float(std::string name, float value) { return {"float", std::move(name), float_literal(value)}; }

Param param_type(std::string name, DType type) {
  return {"using", std::move(name), std::string(cpp_name(type))};
}

Param param_array(const Program& program, std::string name, ConstantId id) {
  return {"auto&", std::move(name), program[id].name};
}

Param param_ints(std::string name, const std::vector<std::int64_t>& values) {
  return {"int", name + "[]", fmt::format("{{{}}}", fmt::join(values, ", "))};
}

}  // namespace o2m
