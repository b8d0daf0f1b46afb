#include "emit/model_class.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "compile.hpp"
#include "emit/fill.hpp"
#include "program/names.hpp"

namespace o2m {
namespace {

/// How the text refers to buffers: arena places, or the parameters of execute() for network inputs and outputs.
struct Writer {
  const Network& network;
  bool layer_ends;
  const Program& program = network.program;
  std::size_t quantizers = 0;         ///< leading calls that only quantize a float input: skipped by run_quantized()
  std::vector<BufferId> core_inputs = {};  ///< what execute() reads: the inputs, or their quantized forms

  std::string at(BufferId id, const char* arena = "arena") const {
    return fmt::format("at<{}>({}, {})", cpp_name(program[id].type), arena, network.plan.offsets[static_cast<std::size_t>(id)]);
  }

  std::string inside(BufferId id) const {
    for (std::size_t i = 0; i < program.outputs.size(); ++i)
      if (program.outputs[i].buffer == id) return fmt::format("output_{}", i);
    for (std::size_t i = 0; i < core_inputs.size(); ++i)
      if (core_inputs[i] == id) return fmt::format("input_{}", i);
    return at(id);
  }

  std::string layer_end(std::size_t call) const {
    return layer_ends ? fmt::format("    ONNX2MCU_LAYER_END({});\n", call) : "";
  }

  std::string step(const Call& call) const {
    std::vector<std::string> arguments;
    for (const Operand& read : call.reads)
      if (const auto* id = std::get_if<BufferId>(&read)) arguments.push_back(inside(*id));
    for (const BufferId id : call.writes) arguments.push_back(inside(id));
    for (const BufferId id : call.scratch) arguments.push_back(at(id));
    return fmt::format("    layers::{}({});\n", call.name, fmt::join(arguments, ", "));
  }

  /// Leading QuantizeLinear calls, one per float input, each the only reader of it.
  void find_quantizers() {
    for (const Port& port : program.inputs) core_inputs.push_back(port.buffer);
    std::size_t n = 0;
    std::vector<BufferId> quantized = core_inputs;
    for (; n < program.calls.size() && program.calls[n].kernel == "quantize_linear"; ++n) {
      const auto* in = std::get_if<BufferId>(&program.calls[n].reads[0]);
      const auto it = in ? std::find(quantized.begin(), quantized.end(), *in) : quantized.end();
      if (it == quantized.end()) break;
      *it = program.calls[n].writes[0];
    }
    const bool all = n == program.inputs.size() && n > 0;
    if (!all || read_again(n) || is_output(quantized)) return;
    quantizers = n;
    core_inputs = quantized;
  }

  bool read_again(std::size_t first) const {
    for (std::size_t i = first; i < program.calls.size(); ++i)
      for (const Operand& read : program.calls[i].reads)
        if (const auto* id = std::get_if<BufferId>(&read))
          for (const Port& port : program.inputs)
            if (port.buffer == *id) return true;
    return false;
  }

  bool is_output(const std::vector<BufferId>& ids) const {
    return std::any_of(program.outputs.begin(), program.outputs.end(),
                       [&](const Port& p) { return std::find(ids.begin(), ids.end(), p.buffer) != ids.end(); });
  }

  /// "const float* input_0, float* output_0" for the given input buffers.
  std::vector<std::string> parameters(const std::vector<BufferId>& inputs) const {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < inputs.size(); ++i)
      out.push_back(fmt::format("const {}* input_{}", cpp_name(program[inputs[i]].type), i));
    for (std::size_t i = 0; i < program.outputs.size(); ++i)
      out.push_back(fmt::format("{}* output_{}", cpp_name(program.outputs[i].type), i));
    return out;
  }

  std::string view(const char* name, std::size_t i, BufferId id) const {
    const auto count = element_count(program[id].shape);
    const std::string type = fmt::format("onnx2mcu::View<{}, {}>", cpp_name(program[id].type), count);
    return fill("view.hpp.in", {{"type", type}, {"name", name}, {"index", std::to_string(i)}, {"place", at(id, "arena_")}});
  }

  std::string accessors() const {
    std::string text;
    for (std::size_t i = 0; i < program.inputs.size(); ++i) text += view("input", i, program.inputs[i].buffer);
    for (std::size_t i = 0; i < program.outputs.size(); ++i) text += view("output", i, program.outputs[i].buffer);
    if (quantizers)
      for (std::size_t i = 0; i < core_inputs.size(); ++i) text += view("quantized_input", i, core_inputs[i]);
    return text + entries();
  }

  std::string entries() const {
    std::vector<BufferId> inputs;
    for (const Port& port : program.inputs) inputs.push_back(port.buffer);
    std::string text = entry("run", inputs);
    if (quantizers) text += entry("run_quantized", core_inputs);
    return text;
  }

  /// run() and run(inputs…, outputs…); a full run quantizes its float inputs into the arena first.
  std::string entry(const char* name, const std::vector<BufferId>& inputs) const {
    std::string inner, outer = "arena_";
    std::string quantize;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      outer += fmt::format(", {}", at(inputs[i], "arena_"));
      inner += inner.empty() ? "" : ", ";
      if (inputs == core_inputs) {
        inner += fmt::format("input_{}", i);
      } else {
        const Call& call = program.calls[i];
        const auto source = static_cast<std::size_t>(
            std::find(inputs.begin(), inputs.end(), std::get<BufferId>(call.reads[0])) - inputs.begin());
        quantize += fmt::format("    layers::{}(input_{}, {});\n", call.name, source, at(call.writes[0], "arena_")) + layer_end(i);
        inner += at(core_inputs[i], "arena_");
      }
    }
    std::string caller_outputs, own_outputs;
    for (std::size_t i = 0; i < program.outputs.size(); ++i) {
      inner += fmt::format("{}output_{}", inner.empty() ? "" : ", ", i);
      own_outputs += fmt::format(", {}", at(program.outputs[i].buffer, "arena_"));
    }
    std::string own_arguments = outer.substr(std::min(outer.size(), std::string("arena_, ").size())) + own_outputs;
    if (inputs.empty()) own_arguments = own_outputs.substr(2);
    return fill("entry.hpp.in", {{"name", name}, {"parameters", fmt::format("{}", fmt::join(parameters(inputs), ", "))},
                                 {"own_arguments", own_arguments}, {"quantize", quantize}, {"arguments", inner}});
  }
};

}  // namespace

ModelClass model_class(const Network& network, const CompileOptions& options) {
  Writer w{network, options.layer_ends};
  w.find_quantizers();
  ModelClass out;
  for (const Buffer& b : w.program.buffers) out.alignment = std::max(out.alignment, b.alignment);
  out.arena_bytes = std::max<std::int64_t>((network.plan.arena_bytes + out.alignment - 1) / out.alignment * out.alignment, out.alignment);
  out.accessors = w.accessors();
  auto parameters = w.parameters(w.core_inputs);
  parameters.insert(parameters.begin(), "unsigned char* arena");
  out.execute_parameters = fmt::format("{}", fmt::join(parameters, ", "));
  for (std::size_t i = w.quantizers; i < w.program.calls.size(); ++i) {
    const Call& call = w.program.calls[i];
    out.steps += w.step(call) + w.layer_end(i);
    for (std::size_t o = 0; options.trace && o < call.writes.size(); ++o)
      out.steps += fmt::format("    ONNX2MCU_TRACE({}, {}, {}, {});\n", i, o, w.inside(call.writes[o]), w.program[call.writes[o]].bytes);
  }
  const auto used = [&](BufferId id) {
    return std::any_of(w.program.calls.begin() + static_cast<std::ptrdiff_t>(w.quantizers), w.program.calls.end(), [&](const Call& call) {
      return std::find(call.reads.begin(), call.reads.end(), Operand(id)) != call.reads.end();
    });
  };
  for (std::size_t i = 0; i < w.core_inputs.size(); ++i)
    if (!used(w.core_inputs[i])) out.steps += fmt::format("    static_cast<void>(input_{});\n", i);
  if (out.steps.empty() || out.steps.find("arena") == std::string::npos) out.steps = "    static_cast<void>(arena);\n" + out.steps;
  return out;
}

}  // namespace o2m
