// Network -> text of the generated files. Pure: looks at nothing but its arguments and the embedded files.

#include <fmt/compile.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <stdexcept>

#include "compile.hpp"
#include "emit/embedded.hpp"
#include "emit/fill.hpp"
#include "emit/layer_block.hpp"
#include "emit/model_class.hpp"
#include "onnx2mcu/float16.hpp"
#include "program/names.hpp"
#include "version.hpp"

namespace o2m {
namespace {

std::string guard(std::string_view name, std::string_view suffix) {
  std::string out;
  for (const char c : name) out += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return fmt::format("{}_{}_HPP", out, suffix);
}

std::string port_block(const Network& network, const char* kind, std::size_t i, const Port& port) {
  return fill("port.hpp.in",
              {{"kind", kind},
               {"index", std::to_string(i)},
               {"type", std::string(cpp_name(port.type))},
               {"port_name", string_literal(port.name)},
               {"layout", port.layout},
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
    if constexpr (std::is_same_v<T, float>)
      out += float_literal(values[i]);
    else if constexpr (std::is_same_v<T, double>)
      out += double_literal(values[i]);
    else if constexpr (std::is_same_v<T, onnx2mcu::Float16>)
      fmt::format_to(std::back_inserter(out), FMT_COMPILE("{{{}}}"), values[i].bits);
    else if constexpr (std::is_same_v<T, bool>)
      out += values[i] ? "true" : "false";
    else if (std::is_signed_v<T> && sizeof(T) >= 4 && values[i] == std::numeric_limits<T>::min())
      out += sizeof(T) == 4 ? "-2147483647 - 1" : "-9223372036854775807 - 1";
    else
      fmt::format_to(std::back_inserter(out), FMT_COMPILE("{}"), values[i]);
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
  std::string out = fmt::format("\nalignas({}) {} inline constexpr {} {}[{}] = {{\n    ",
                                std::max(array.alignment, size_of(array.type)),
                                array.hot ? "ONNX2MCU_HOT_WEIGHTS" : "ONNX2MCU_WEIGHTS", cpp_name(array.type),
                                array.name, array.count());
  switch (array.type) {
    case DType::int8:
    case DType::int4: append_elements<std::int8_t>(out, array.bytes); break;
    case DType::uint8:
    case DType::uint4: append_elements<std::uint8_t>(out, array.bytes); break;
    case DType::int16: append_elements<std::int16_t>(out, array.bytes); break;
    case DType::uint16: append_elements<std::uint16_t>(out, array.bytes); break;
    case DType::int32: append_elements<std::int32_t>(out, array.bytes); break;
    case DType::uint32: append_elements<std::uint32_t>(out, array.bytes); break;
    case DType::int64: append_elements<std::int64_t>(out, array.bytes); break;
    case DType::uint64: append_elements<std::uint64_t>(out, array.bytes); break;
    case DType::float16: append_elements<onnx2mcu::Float16>(out, array.bytes); break;
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
      const std::size_t parent = up < 2                                         ? 0
                                 : name.rfind('/', up - 2) == std::string::npos ? 0
                                                                                : name.rfind('/', up - 2) + 1;
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

/// The kernels' headers, without what those include.
std::set<std::string> headers_of(const Program& program, const Target& target) {
  std::set<std::string> headers{header_of_cpu(target.cpu)};
  for (const Call& call : program.calls) {
    headers.insert(call.header);
    for (const Stage& stage : call.stages) headers.insert(stage.layer.header);
  }
  const auto is_half = [](const auto& memory) { return memory.type == DType::float16; };
  if (std::any_of(program.buffers.begin(), program.buffers.end(), is_half) ||
      std::any_of(program.constants.begin(), program.constants.end(), is_half))
    headers.insert("float16.hpp");
  return headers;
}

std::string port_blocks(const Network& network, const ModelClass& model) {
  std::string text;
  const auto add = [&](const char* kind, const std::vector<Port>& ports) {
    for (std::size_t i = 0; i < ports.size(); ++i) text += port_block(network, kind, i, ports[i]);
  };
  add("Input", network.program.inputs);
  add("QuantizedInput", model.quantized_inputs);
  add("Output", network.program.outputs);
  for (std::size_t i = 0; i < network.program.states.size(); ++i)
    text += port_block(network, "State", i, network.program.states[i].port);
  return text;
}

}  // namespace

GeneratedFiles emit(const Network& network, const CompileOptions& options) {
  const Program& program = network.program;
  GeneratedFiles files;
  std::string layer_blocks, arrays, includes;
  for (const Call& call : program.calls) layer_blocks += layer_block(network, call, *options.target);
  for (const ConstantArray& array : program.constants) arrays += array_block(array);
  const ModelClass model = model_class(network, options);
  std::set<std::string> runtime{"core.hpp"};
  for (const std::string& header : headers_of(program, *options.target)) {
    includes += fmt::format("{}#include \"onnx2mcu/{}\"", includes.empty() ? "" : "\n", header);
    collect_runtime(header, runtime);
  }
  for (const std::string& path : runtime)
    files["onnx2mcu/" + path] = embedded_file("runtime/onnx2mcu/" + path);

  const std::string model_name = comment_text(program.model_name);
  files[options.name + ".hpp"] = fill(
      "network.hpp.in",
      {{"version", version},
       {"model", model_name},
       {"target", std::string(options.target->name)},
       {"name", options.name},
       {"guard", guard(options.name, "ONNX2MCU_NETWORK")},
       {"arena", std::to_string(model.arena_bytes)},
       {"own", std::to_string(model.own_bytes)},
       {"arena_note", model.banks.empty() ? "sizeof(Model)" : "sizeof(Model) and the pieces in other banks"},
       {"banks", model.banks},
       {"instances", model.banks.empty()
                         ? "No global state: any number of instances, in any section, each re-entrant."
                         : "All instances share the pieces in other banks: one runs at a time."},
       {"bank_macros", model.bank_macros},
       {"alignment", std::to_string(model.alignment)},
       {"stack", std::to_string(stack_bound(program, *options.target).bytes)},
       {"weights", std::to_string(constant_bytes(program))},
       {"macs", std::to_string(total_macs(program))},
       {"layers", std::to_string(program.calls.size())},
       {"inputs", std::to_string(program.inputs.size())},
       {"quantized_inputs", std::to_string(model.quantized_inputs.size())},
       {"outputs", std::to_string(program.outputs.size())},
       {"states", std::to_string(program.states.size())},
       {"includes", includes},
       {"ports", port_blocks(network, model)},
       {"layer_blocks", layer_blocks},
       {"accessors", model.accessors},
       {"execute_parameters", model.execute_parameters},
       {"steps", model.steps},
       {"plan_note", network.plan.proven_minimal ? "proven minimal for this schedule"
                                                 : fmt::format("lower bound {}", network.plan.lower_bound)}});
  files[options.name + "_weights.hpp"] =
      fill("weights.hpp.in", {{"version", version},
                              {"model", model_name},
                              {"name", options.name},
                              {"guard", guard(options.name, "ONNX2MCU_WEIGHTS")},
                              {"arrays", arrays}});
  return files;
}

}  // namespace o2m
