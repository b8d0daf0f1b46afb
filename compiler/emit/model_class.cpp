#include "emit/model_class.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "compile.hpp"
#include "emit/fill.hpp"
#include "program/names.hpp"

namespace o2m {
namespace {

/// Scale and zero point of a QuantizeLinear with one of each.
std::optional<std::pair<float, int>> quantization_of(const Program& program, const Call& call) {
  const auto element = [&](const char* name) -> std::optional<Tensor> {
    for (const Param& p : call.params)
      for (const ConstantArray& c : program.constants)
        if (p.name == name && p.value == c.name && c.count() == 1) return Tensor{c.type, {1}, c.bytes};
    return std::nullopt;
  };
  const auto scale = element("scale"), zero_point = element("zero_point");
  if (!scale || !zero_point) return std::nullopt;
  return std::pair(static_cast<float>(scale->real(0)), static_cast<int>(zero_point->integer(0)));
}

/// How the text refers to buffers: arena places, or the parameters of execute() for network inputs and
/// outputs.
struct Writer {
  const Network& network;
  bool layer_ends;
  const Program& program = network.program;
  std::size_t quantizers = 0;  ///< leading calls that only quantize a float input: skipped by run_quantized()
  std::vector<BufferId> core_inputs = {};  ///< what execute() reads: the inputs, or their quantized forms
  std::vector<Port> quantized_inputs = {};

  std::string at(BufferId id, const char* arena = "arena") const {
    const auto i = static_cast<std::size_t>(id);
    const int piece = network.plan.pieces.empty() ? 0 : network.plan.piece_of[i];
    const std::string base =
        piece == 0 ? arena : network.plan.pieces[static_cast<std::size_t>(piece)].place + "_";
    return fmt::format("at<{}>({}, {})", cpp_name(program[id].type), base, network.plan.offsets[i]);
  }

  std::string inside(BufferId id) const {
    const auto [place, byte] = place_in(program, id);
    const std::string further = byte == 0 ? "" : fmt::format(" + {}", byte / size_of(program[id].type));
    for (std::size_t i = 0; i < program.outputs.size(); ++i)
      if (program.outputs[i].buffer == place) return fmt::format("output_{}{}", i, further);
    for (std::size_t i = 0; i < core_inputs.size(); ++i)
      if (core_inputs[i] == place) return fmt::format("input_{}{}", i, further);
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
    if (!call.stages.empty())
      arguments.emplace_back("arena");  // its rings and patches have their places there
    else
      for (const BufferId id : call.scratch) arguments.push_back(at(id));
    return fmt::format("    layers::{}({});\n", call.name, fmt::join(arguments, ", "));
  }

  /// Leading QuantizeLinear calls, one per float input, each the only reader of it.
  void find_quantizers() {
    for (const Port& port : program.inputs) core_inputs.push_back(port.buffer);
    std::vector<BufferId> quantized = core_inputs;
    std::vector<Port> ports = program.inputs;
    std::size_t n = 0;
    for (; n < program.calls.size() && program.calls[n].kernel == "quantize_linear"; ++n) {
      const Call& call = program.calls[n];
      const auto* in = std::get_if<BufferId>(&call.reads[0]);
      const auto it = in ? std::find(core_inputs.begin(), core_inputs.end(), *in) : core_inputs.end();
      const auto parameters = quantization_of(program, call);
      if (it == core_inputs.end() || !parameters || read_from(n + 1, *in)) break;
      const auto i = static_cast<std::size_t>(it - core_inputs.begin());
      quantized[i] = call.writes[0];
      ports[i].type = program[quantized[i]].type;
      ports[i].quantization = parameters;
      ports[i].buffer = quantized[i];
    }
    const auto floats = std::count_if(program.inputs.begin(), program.inputs.end(),
                                      [](const Port& p) { return is_float(p.type); });
    if (n == 0 || static_cast<std::ptrdiff_t>(n) != floats || is_output(quantized)) return;
    quantizers = n;
    quantized_inputs = ports;
    core_inputs = quantized;
  }

  /// Whether call number `first` or a later one reads the buffer.
  bool read_from(std::size_t first, BufferId id) const {
    return std::any_of(program.calls.begin() + static_cast<std::ptrdiff_t>(first), program.calls.end(),
                       [&](const Call& later) {
                         return std::any_of(later.reads.begin(), later.reads.end(), [&](const Operand& read) {
                           const auto* buffer = std::get_if<BufferId>(&read);
                           return buffer && place_in(program, *buffer).first == id;
                         });
                       });
  }

  bool is_output(const std::vector<BufferId>& ids) const {
    return std::any_of(program.outputs.begin(), program.outputs.end(), [&](const Port& p) {
      return std::find(ids.begin(), ids.end(), p.buffer) != ids.end();
    });
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

  std::string accessors() const {
    const auto view = [](const char* port, const char* name, const char* comment) {
      return fill("view.hpp.in", {{"port", port}, {"name", name}, {"comment", comment}});
    };
    std::string text;
    if (!program.inputs.empty())
      text += view("Input", "input", "Input I inside the arena: fill it before every run().");
    if (quantizers)
      text += view("QuantizedInput", "quantized_input",
                   "Input I, quantized: fill it before every run_quantized().");
    text += view("Output", "output", "Output I inside the arena, as the last run() left it.");
    if (!program.states.empty())
      text +=
          view("State", "state", "State I inside the arena: the last run() left it, the next will find it.");
    text += reset();
    text += entry("run", "inputs", "input", program.inputs);
    if (quantizers) text += entry("run_quantized", "quantized inputs", "quantized_input", quantized_inputs);
    return text;
  }

  std::string reset() const {
    std::string clear;
    for (std::size_t i = 0; i < program.states.size(); ++i)
      clear += fmt::format("    onnx2mcu::clear(state<{}>());\n", i);
    return fill("reset.hpp.in", {{"clear", clear}});
  }

  /// run() and run(inputs…, outputs…); a full run quantizes its float inputs into the arena first.
  std::string entry(const char* name, const char* inputs, const char* accessor,
                    const std::vector<Port>& ports) const {
    std::vector<BufferId> buffers;
    std::vector<std::string> own, inner;
    for (std::size_t i = 0; i < ports.size(); ++i) {
      buffers.push_back(ports[i].buffer);
      own.push_back(fmt::format("{}<{}>().data()", accessor, i));
      inner.push_back(ports[i].buffer == core_inputs[i] ? fmt::format("input_{}", i)
                                                        : at(core_inputs[i], "arena_"));
    }
    std::string quantize;
    for (std::size_t i = 0; i < quantizers && buffers != core_inputs; ++i) {
      const Call& call = program.calls[i];
      const auto source =
          std::find(buffers.begin(), buffers.end(), std::get<BufferId>(call.reads[0])) - buffers.begin();
      quantize +=
          fmt::format("    layers::{}(input_{}, {});\n", call.name, source, at(call.writes[0], "arena_")) +
          layer_end(i);
    }
    for (std::size_t i = 0; i < program.outputs.size(); ++i) {
      own.push_back(fmt::format("output<{}>().data()", i));
      inner.push_back(fmt::format("output_{}", i));
    }
    return fill("entry.hpp.in", {{"name", name},
                                 {"inputs", inputs},
                                 {"parameters", fmt::format("{}", fmt::join(parameters(buffers), ", "))},
                                 {"own_arguments", fmt::format("{}", fmt::join(own, ", "))},
                                 {"quantize", quantize},
                                 {"arguments", fmt::format("{}", fmt::join(inner, ", "))}});
  }
};

/// Pieces are multiples of 8 bytes, and so aligned as any buffer must be.
void add_banks(const MemoryPlan& plan, ModelClass& out) {
  for (std::size_t i = 0; i < plan.pieces.size(); ++i) {
    const ArenaPiece& piece = plan.pieces[i];
    if (i == 0) {
      out.own_bytes = piece.bytes;
      continue;
    }
    out.banks += fill("bank.hpp.in", {{"bank", piece.bank},
                                      {"place", piece.place},
                                      {"bytes", std::to_string(piece.bytes)},
                                      {"alignment", std::to_string(out.alignment)}});
    out.bank_macros += fill("bank_macro.hpp.in", {{"bank", piece.bank}});
  }
}

}  // namespace

ModelClass model_class(const Network& network, const CompileOptions& options) {
  Writer w{network, options.layer_ends};
  w.find_quantizers();
  ModelClass out;
  for (const Buffer& b : w.program.buffers) out.alignment = std::max(out.alignment, b.alignment);
  out.arena_bytes = std::max<std::int64_t>(
      (network.plan.arena_bytes + out.alignment - 1) / out.alignment * out.alignment, out.alignment);
  out.own_bytes = out.arena_bytes;
  add_banks(network.plan, out);
  out.accessors = w.accessors();
  out.quantized_inputs = w.quantized_inputs;
  auto parameters = w.parameters(w.core_inputs);
  parameters.insert(parameters.begin(), "unsigned char* arena");
  out.execute_parameters = fmt::format("{}", fmt::join(parameters, ", "));
  for (std::size_t i = w.quantizers; i < w.program.calls.size(); ++i) {
    const Call& call = w.program.calls[i];
    out.steps += w.step(call) + w.layer_end(i);
    for (std::size_t o = 0; options.trace && o < call.writes.size(); ++o)
      out.steps += fmt::format("    ONNX2MCU_TRACE({}, {}, {}, {});\n", i, o, w.inside(call.writes[o]),
                               w.program[call.writes[o]].bytes);
  }
  for (std::size_t i = 0; i < w.core_inputs.size(); ++i)
    if (!w.read_from(w.quantizers, w.core_inputs[i]))
      out.steps += fmt::format("    static_cast<void>(input_{});\n", i);
  if (out.steps.empty() || out.steps.find("arena") == std::string::npos)
    out.steps = "    static_cast<void>(arena);\n" + out.steps;
  return out;
}

}  // namespace o2m
