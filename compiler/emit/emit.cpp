// Network -> text of the generated files. Pure: looks at nothing but its arguments and the embedded files.

#include <algorithm>
#include <set>
#include <stdexcept>

#include <fmt/compile.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "compile.hpp"
#include "emit/embedded.hpp"
#include "emit/fill.hpp"
#include "emit/model_class.hpp"
#include "program/names.hpp"
#include "version.hpp"

namespace o2m {
namespace {

std::string guard(std::string_view name, std::string_view suffix) {
  std::string out;
  for (const char c : name) out += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return fmt::format("{}_{}_HPP", out, suffix);
}

/// One declaration line of a layer struct.
std::string param_line(const Param& p) {
  if (p.type == "using") return fmt::format("  using {} = {};\n", p.name, p.value);
  if (p.type == "auto&") return fmt::format("  static constexpr const auto& {} = weights::{};\n", p.name, p.value);
  return fmt::format("  static constexpr {} {} = {};\n", p.type, p.name, p.value);
}

std::string layer_block(const Program& program, const Call& call, const Target& target) {
  std::vector<std::string> arguments, values;
  std::string params = fmt::format("  using Cpu = onnx2mcu::cpu::{};\n", target.cpu);
  for (const Param& p : call.params) params += param_line(p);
  const auto argument = [&](DType type, const char* qualifier, const char* stem, std::size_t i, std::size_t n) {
    std::string name = n == 1 ? std::string(stem) : fmt::format("{}{}", stem, i);
    arguments.push_back(fmt::format("{}{}* {}", qualifier, cpp_name(type), name));
    values.push_back(std::move(name));
  };
  const auto buffers_read = static_cast<std::size_t>(std::count_if(call.reads.begin(), call.reads.end(), [](const Operand& o) { return std::holds_alternative<BufferId>(o); }));
  std::size_t reads = 0;
  for (const Operand& read : call.reads) {
    if (const auto* id = std::get_if<BufferId>(&read)) argument(program[*id].type, "const ", "x", reads++, buffers_read);
    else values.push_back("weights::" + program[std::get<ConstantId>(read)].name);
  }
  for (std::size_t i = 0; i < call.writes.size(); ++i) argument(program[call.writes[i]].type, "", "y", i, call.writes.size());
  for (std::size_t i = 0; i < call.scratch.size(); ++i) argument(program[call.scratch[i]].type, "", "scratch", i, call.scratch.size());
  std::string costs;
  if (call.macs) costs += fmt::format(", {} MACs", call.macs);
  if (call.weight_bytes) costs += fmt::format(", {} bytes of weights", call.weight_bytes);
  if (!call.algorithm.empty()) costs += "\n/// " + comment_text(call.algorithm);
  if (!call.requantization.empty()) costs += "\n/// " + comment_text(call.requantization);
  return fill("layer.hpp.in", {{"origin", comment_text(call.origin)}, {"summary", comment_text(call.summary)}, {"costs", costs},
                               {"struct", upper_camel(call.name)}, {"params", params}, {"function", call.name},
                               {"arguments", fmt::format("{}", fmt::join(arguments, ", "))}, {"kernel", call.kernel},
                               {"values", fmt::format("{}", fmt::join(values, ", "))}});
}

/// Bytes of stack that run() and all it calls take at most, rounded up from what GCC reports for every kernel on the
/// three cores (tests/cross compares): frames with spilled registers, and arguments beyond the fourth, passed twice.
std::int64_t stack_bound(const Program& program) {
  std::size_t arguments = 0;
  for (const Call& call : program.calls) arguments = std::max(arguments, call.reads.size() + call.writes.size() + call.scratch.size());
  return 512 + 16 * static_cast<std::int64_t>(arguments);
}

std::string port_block(const Network& network, const char* kind, std::size_t i, const Port& port) {
  return fill("port.hpp.in", {{"kind", kind}, {"index", std::to_string(i)}, {"type", std::string(cpp_name(port.type))},
                              {"port_name", string_literal(port.name)}, {"layout", port.layout},
                              {"shape", port.shape.empty() ? "1" : fmt::format("{}", fmt::join(port.shape, ", "))},
                              {"size", std::to_string(element_count(port.shape))},
                              {"scale", float_literal(port.quantization ? port.quantization->first : 1.0F)},
                              {"zero_point", std::to_string(port.quantization ? port.quantization->second : 0)},
                              {"offset", std::to_string(network.plan.offsets[static_cast<std::size_t>(port.buffer)])}});
}

template <class T>
void append_elements(std::string& out, const std::vector<std::byte>& bytes) {
  const auto values = std::span(reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T));
  std::size_t column = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t before = out.size();
    if constexpr (std::is_same_v<T, float>) out += float_literal(values[i]);
    else if constexpr (std::is_same_v<T, double>) out += double_literal(values[i]);
    else if constexpr (std::is_same_v<T, bool>) out += values[i] ? "true" : "false";
    else if (std::is_signed_v<T> && sizeof(T) >= 4 && values[i] == std::numeric_limits<T>::min())
      out += sizeof(T) == 4 ? "-2147483647 - 1" : "-9223372036854775807 - 1";
    else fmt::format_to(std::back_inserter(out), FMT_COMPILE("{}"), values[i]);
    if (std::is_same_v<T, std::uint64_t>) out += 'U';
    if (i + 1 == values.size()) return;
    out += ',';
    column += out.size() - before;
    if (column >= 100) {
      out += "\n    ";
      column = 0;
    }
  }
}

std::string array_block(const ConstantArray& array) {
  std::string out = fmt::format("\nalignas({}) ONNX2MCU_WEIGHTS inline constexpr {} {}[{}] = {{\n    ", std::max(4, size_of(array.type)),
                                cpp_name(array.type), array.name, array.count());
  switch (array.type) {
    case DType::int8: case DType::int4: append_elements<std::int8_t>(out, array.bytes); break;
    case DType::uint8: case DType::uint4: append_elements<std::uint8_t>(out, array.bytes); break;
    case DType::int16: append_elements<std::int16_t>(out, array.bytes); break;
    case DType::uint16: append_elements<std::uint16_t>(out, array.bytes); break;
    case DType::int32: append_elements<std::int32_t>(out, array.bytes); break;
    case DType::uint32: append_elements<std::uint32_t>(out, array.bytes); break;
    case DType::int64: append_elements<std::int64_t>(out, array.bytes); break;
    case DType::uint64: append_elements<std::uint64_t>(out, array.bytes); break;
    case DType::float32: append_elements<float>(out, array.bytes); break;
    case DType::float64: append_elements<double>(out, array.bytes); break;
    case DType::boolean: append_elements<bool>(out, array.bytes); break;
    default: throw std::logic_error("constant array of type " + to_string(array.type));
  }
  return out + "};\n";
}

/// The runtime headers that `headers` include, themselves included, transitively.
void collect_runtime(const std::string& path, std::set<std::string>& found) {
  if (!found.insert(path).second) return;
  const std::string_view text = embedded_file("runtime/onnx2mcu/" + path);
  const std::string folder = path.find('/') == std::string::npos ? "" : path.substr(0, path.rfind('/') + 1);
  for (std::size_t at = 0; (at = text.find("#include \"", at)) != std::string_view::npos;) {
    at += 10;
    std::string name = folder + std::string(text.substr(at, text.find('"', at) - at));
    while (name.find("/../") != std::string::npos || name.rfind("../", 0) == 0) {
      const std::size_t up = name.find("../");
      const std::size_t parent = up < 2 ? 0 : name.rfind('/', up - 2) == std::string::npos ? 0 : name.rfind('/', up - 2) + 1;
      name = name.substr(0, parent) + name.substr(up + 3);
    }
    collect_runtime(name, found);
  }
}

std::string header_of_cpu(std::string_view cpu) {
  std::string out = "cpu/";
  for (const char c : cpu) {
    if (std::isupper(static_cast<unsigned char>(c)) && out.back() != '/') out += '_';
    out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return out + ".hpp";
}

}  // namespace

GeneratedFiles emit(const Network& network, const CompileOptions& options) {
  const Program& program = network.program;
  GeneratedFiles files;
  std::set<std::string> headers{header_of_cpu(options.target->cpu)};
  std::string layer_blocks, ports, arrays;
  std::int64_t macs = 0, weights = 0;
  for (const Call& call : program.calls) {
    headers.insert(call.header);
    layer_blocks += layer_block(program, call, *options.target);
    macs += call.macs;
  }
  const ModelClass model = model_class(network, options);
  for (std::size_t i = 0; i < program.inputs.size(); ++i) ports += port_block(network, "Input", i, program.inputs[i]);
  for (std::size_t i = 0; i < model.quantized_inputs.size(); ++i) ports += port_block(network, "QuantizedInput", i, model.quantized_inputs[i]);
  for (std::size_t i = 0; i < program.outputs.size(); ++i) ports += port_block(network, "Output", i, program.outputs[i]);
  for (const ConstantArray& array : program.constants) {
    weights += static_cast<std::int64_t>(array.bytes.size());
    arrays += array_block(array);
  }
  std::string includes;
  for (const std::string& header : headers) includes += fmt::format("{}#include \"onnx2mcu/{}\"", includes.empty() ? "" : "\n", header);
  std::set<std::string> runtime{"core.hpp"};
  for (const std::string& header : headers) collect_runtime(header, runtime);
  for (const std::string& path : runtime) files["onnx2mcu/" + path] = embedded_file("runtime/onnx2mcu/" + path);

  const std::string model_name = comment_text(program.model_name);
  files[options.name + ".hpp"] = fill("network.hpp.in",
      {{"version", version}, {"model", model_name}, {"target", std::string(options.target->name)}, {"name", options.name},
       {"guard", guard(options.name, "ONNX2MCU_NETWORK")}, {"arena", std::to_string(model.arena_bytes)},
       {"alignment", std::to_string(model.alignment)}, {"stack", std::to_string(stack_bound(program))}, {"weights", std::to_string(weights)}, {"macs", std::to_string(macs)},
       {"layers", std::to_string(program.calls.size())}, {"inputs", std::to_string(program.inputs.size())},
       {"quantized_inputs", std::to_string(model.quantized_inputs.size())}, {"outputs", std::to_string(program.outputs.size())}, {"includes", includes}, {"ports", ports}, {"layer_blocks", layer_blocks},
       {"accessors", model.accessors}, {"execute_parameters", model.execute_parameters}, {"steps", model.steps},
       {"plan_note", network.plan.proven_minimal ? "proven minimal for this schedule" : fmt::format("lower bound {}", network.plan.lower_bound)}});
  files[options.name + "_weights.hpp"] = fill("weights.hpp.in", {{"version", version}, {"model", model_name}, {"name", options.name},
      {"guard", guard(options.name, "ONNX2MCU_WEIGHTS")}, {"arrays", arrays}});
  return files;
}

}  // namespace o2m
