// Graph -> Program: gives every run-time value a buffer and lets each operator add its kernel calls.

#include "ops/lower.hpp"

#include "compile.hpp"
#include "passes/passes.hpp"

namespace o2m {
namespace {

std::string layout_of(const Shape& shape, bool nhwc) {
  switch (shape.size()) {
    case 4: return nhwc ? "NHWC" : "NCHW";
    case 3: return nhwc ? "NWC" : "NCW";
    case 2: return "NC";
    default: return "any";
  }
}

/// Scale and zero point of an 8-bit port: those of the DequantizeLinear that reads it or the QuantizeLinear
/// that makes it.
std::optional<std::pair<float, int>> quantization_of(const Graph& graph, ValueId id) {
  if (!is_8bit(graph[id].type)) return std::nullopt;
  for (const auto& [port, parameters] : graph.port_quantization)
    if (port == id) return parameters;
  return std::nullopt;
}

Port port(const Graph& graph, ValueId id, BufferId buffer) {
  const Value& v = graph[id];
  return {v.name, v.type, *v.shape, layout_of(*v.shape, graph.nhwc_ports), quantization_of(graph, id),
          buffer};
}

/// A network output must be a buffer of its own that some call writes: not an input, a constant or another
/// output.
BufferId own_output(LowerContext& context, ValueId id, const std::vector<BufferId>& taken) {
  const BufferId buffer = context.buffers[index(id)];
  const bool own = buffer != BufferId::none && std::find(taken.begin(), taken.end(), buffer) == taken.end();
  if (own) return buffer;
  Call copy = context.call("copy", "copy.hpp");
  copy.reads = {context.operand(0)};
  const BufferId result = context.output(0);
  copy.writes = {result};
  copy.params = {param("size", element_count(context.out_shape(0)))};
  context.add(std::move(copy));
  return result;
}

}  // namespace

Program lower(Graph& graph, const Target& target, const CodeForms& forms, Diagnostics& diagnostics) {
  Program program;
  program.notes = graph.notes;
  ValueBuffers buffers(graph.values.size(), BufferId::none);
  std::vector<BufferId> taken;
  program.states.resize(graph.states.size());
  for (std::size_t i = 0; i < graph.inputs.size(); ++i) {
    const ValueId id = graph.inputs[i];
    const Value& v = graph[id];
    program.buffers.push_back(
        {v.name, v.type, *v.shape, element_count(*v.shape) * size_of(v.type), std::max(4, size_of(v.type))});
    buffers[index(id)] = static_cast<BufferId>(program.buffers.size() - 1);
    taken.push_back(buffers[index(id)]);
    const auto state =
        std::find_if(graph.states.begin(), graph.states.end(), [i](const auto& s) { return s.first == i; });
    Port made = port(graph, id, buffers[index(id)]);
    if (state == graph.states.end())
      program.inputs.push_back(std::move(made));
    else
      program.states[static_cast<std::size_t>(state - graph.states.begin())].port = std::move(made);
  }
  for_each_node(graph, diagnostics, [&](Node& node) {
    const Op& op = op_of(node);
    if (!op.lower) refuse("it cannot be computed on the device, only folded when its inputs are constant");
    LowerContext context{graph, node, program, buffers, target, forms};
    op.lower(context);
  });
  for (std::size_t i = 0; i < graph.outputs.size(); ++i) {
    const ValueId id = graph.outputs[i];
    const Node copy{"Identity", "", graph[id].name, static_cast<int>(graph.nodes.size()), {id}, {id}, {}};
    LowerContext context{graph, copy, program, buffers, target, forms};
    const BufferId buffer = own_output(context, id, taken);
    taken.push_back(buffer);
    const auto state =
        std::find_if(graph.states.begin(), graph.states.end(), [i](const auto& s) { return s.second == i; });
    if (state == graph.states.end())
      program.outputs.push_back(port(graph, id, buffer));
    else
      program.states[static_cast<std::size_t>(state - graph.states.begin())].next = buffer;
  }
  return program;
}

}  // namespace o2m
