// --state: an output of the model that feeds an input of the next run. Both keep their names and their places
// among the graph's inputs and outputs, so that passes treat them as what they are; the program has a State
// instead.

#include <algorithm>

#include "compile.hpp"
#include "program/names.hpp"

namespace o2m {
namespace {

/// Position of the value named `name` among `ids`, or an error.
std::size_t position_of(const Graph& graph, const std::vector<ValueId>& ids, const std::string& name,
                        const char* kind) {
  for (std::size_t i = 0; i < ids.size(); ++i)
    if (graph[ids[i]].name == name) return i;
  refuse("--state names \"{}\", which is no {} of the model", printable(name), kind);
}

bool touches(const Call& call, BufferId id) {
  return std::find(call.reads.begin(), call.reads.end(), Operand(id)) != call.reads.end() ||
         std::find(call.writes.begin(), call.writes.end(), id) != call.writes.end();
}

/// The only write and the only read of a call that does nothing but copy.
bool copies(const Call& call, BufferId from, BufferId to) {
  return call.kernel == "copy" && call.reads[0] == Operand(from) && call.writes[0] == to;
}

bool works_in_place(const Call& call, BufferId from, BufferId to) {
  return std::any_of(call.in_place.begin(), call.in_place.end(), [&](const std::pair<int, int>& pair) {
    return call.writes[static_cast<std::size_t>(pair.first)] == to &&
           call.reads[static_cast<std::size_t>(pair.second)] == Operand(from);
  });
}

/// Whether the new state may be written over the old one: no call needs the old one after the first that
/// makes the new.
bool in_place(const Program& program, BufferId old, BufferId next) {
  const auto with = [&](BufferId id) {
    return [&program, id](const Call& call) { return touches(call, id); };
  };
  const auto& calls = program.calls;
  if (std::any_of(calls.begin(), calls.end(),
                  [&](const Call& c) { return !c.stages.empty() && (touches(c, old) || touches(c, next)); }))
    return false;  // rows of both come and go at the same time
  const auto first = std::find_if(calls.begin(), calls.end(), with(next));
  if (first == calls.end()) return false;
  if (touches(*first, old) && !copies(*first, old, next) && !works_in_place(*first, old, next)) return false;
  return std::none_of(first + 1, calls.end(), with(old));
}

/// Every use of `next` becomes one of `old`; a copy of one to the other vanishes.
void merge(Program& program, BufferId old, BufferId next) {
  std::erase_if(program.calls, [&](const Call& call) { return copies(call, old, next); });
  for (Call& call : program.calls) {
    std::replace(call.reads.begin(), call.reads.end(), Operand(next), Operand(old));
    std::replace(call.writes.begin(), call.writes.end(), next, old);
  }
  program[next].bytes = 0;
}

Call carry_over(Program& program, const State& state) {
  Call copy;
  copy.kernel = "copy";
  copy.header = "copy.hpp";
  copy.name = unique_layer_name(program, "keep_" + state.port.name, "State");
  copy.params = {{"int", "size", std::to_string(element_count(state.port.shape))}};
  copy.reads = {state.next};
  copy.writes = {state.port.buffer};
  copy.origin = fmt::format("state \"{}\"", printable(state.port.name));
  copy.summary = "for the next run";
  return copy;
}

}  // namespace

void find_states(Graph& graph, const std::vector<std::pair<std::string, std::string>>& names,
                 Diagnostics& diagnostics) {
  for (const auto& [input, output] : names) {
    try {
      const std::pair state(position_of(graph, graph.inputs, input, "input"),
                            position_of(graph, graph.outputs, output, "output"));
      for (const auto& other : graph.states)
        if (other.first == state.first || other.second == state.second)
          refuse("--state {}={}: one of the two belongs to another state already", printable(input),
                 printable(output));
      graph.states.push_back(state);
    } catch (const Refusal& refusal) {
      diagnostics.error({"", refusal.what(), {}, ""});
    }
  }
  if (!names.empty() && graph.states.size() == graph.outputs.size())
    diagnostics.error({"", "--state leaves the network no output", {}, ""});
  diagnostics.stop_on_errors();
}

void check_states(const Graph& graph, Diagnostics& diagnostics) {
  for (const auto& [in, out] : graph.states) {
    const Value &input = graph[graph.inputs[in]], &output = graph[graph.outputs[out]];
    if (input.type != output.type || input.shape != output.shape)
      diagnostics.error({"",
                         fmt::format("--state {}={}: a state has one type and shape, these are {} and {}",
                                     printable(input.name), printable(output.name),
                                     describe(graph, graph.inputs[in]), describe(graph, graph.outputs[out])),
                         {},
                         ""});
  }
  diagnostics.stop_on_errors();
}

void keep_states(Program& program) {
  for (State& state : program.states) {
    if (in_place(program, state.port.buffer, state.next))
      merge(program, state.port.buffer, state.next);
    else
      program.calls.push_back(carry_over(program, state));
    state.next = state.port.buffer;
  }
}

}  // namespace o2m
