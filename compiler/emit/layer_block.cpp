#include "emit/layer_block.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "emit/fill.hpp"
#include "program/names.hpp"

namespace o2m {
namespace {

/// One declaration line of a layer struct.
std::string param_line(const Param& p) {
  if (p.type == "using") return fmt::format("  using {} = {};\n", p.name, p.value);
  if (p.type == "auto&")
    return fmt::format("  static constexpr const auto& {} = weights::{};\n", p.name, p.value);
  return fmt::format("  static constexpr {} {} = {};\n", p.type, p.name, p.value);
}

/// Parameters of a layer function, and what it hands to the kernel.
struct Signature {
  const Program& program;
  std::vector<std::string> arguments = {}, values = {};

  void add(std::string argument, std::string name) {
    arguments.push_back(std::move(argument));
    values.push_back(std::move(name));
  }
  static std::string numbered(const char* stem, std::size_t i, std::size_t n) {
    return n == 1 ? std::string(stem) : fmt::format("{}{}", stem, i);
  }

  /// `rows`: how many a stage that works on windows gets; 0: whole tensors or single rows.
  void reads(const Call& call, std::int64_t rows) {
    const auto buffers =
        static_cast<std::size_t>(std::count_if(call.reads.begin(), call.reads.end(), [](const Operand& o) {
          return std::holds_alternative<BufferId>(o);
        }));
    std::size_t n = 0;
    for (const Operand& read : call.reads) {
      const auto* id = std::get_if<BufferId>(&read);
      if (!id) {
        values.push_back("weights::" + program[std::get<ConstantId>(read)].name);
        continue;
      }
      const std::string name = numbered("x", n++, buffers);
      const std::string_view type = cpp_name(program[*id].type);
      add(rows > 0 ? fmt::format("const {}* const (&{})[{}]", type, name, rows)
                   : fmt::format("const {}* {}", type, name),
          name);
    }
  }

  void buffers(const std::vector<BufferId>& ids, const char* stem) {
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const std::string name = numbered(stem, i, ids.size());
      add(fmt::format("{}* {}", cpp_name(program[ids[i]].type), name), name);
    }
  }
};

std::string costs_of(const Call& call) {
  std::string costs;
  if (call.macs) costs += fmt::format(", {} MACs", call.macs);
  if (call.weight_bytes) costs += fmt::format(", {} bytes of weights", call.weight_bytes);
  return costs;
}

std::string function_block(const Call& call, const Signature& signature, const Target& target) {
  std::string params = fmt::format("  using Cpu = onnx2mcu::cpu::{};\n", target.cpu), costs = costs_of(call);
  for (const Param& p : call.params) params += param_line(p);
  if (!call.algorithm.empty()) costs += "\n/// " + comment_text(call.algorithm);
  if (!call.requantization.empty()) costs += "\n/// " + comment_text(call.requantization);
  return fill("layer.hpp.in", {{"origin", comment_text(call.origin)},
                               {"summary", comment_text(call.summary)},
                               {"costs", costs},
                               {"struct", upper_camel(call.name)},
                               {"params", params},
                               {"function", call.name},
                               {"arguments", fmt::format("{}", fmt::join(signature.arguments, ", "))},
                               {"kernel", call.kernel},
                               {"values", fmt::format("{}", fmt::join(signature.values, ", "))}});
}

/// The layer as a stage of a stream: it makes one row.
std::string stage_block(const Program& program, const Stage& stage, const Target& target) {
  Signature signature{program};
  signature.reads(stage.layer, stage.kind == StageKind::window ? stage.k_h : 0);
  signature.buffers(stage.layer.writes, "y");
  if (stage.kind != StageKind::row)
    signature.add(stage.kind == StageKind::fold ? "int part" : "int row",
                  stage.kind == StageKind::fold ? "part" : "row");
  signature.buffers(stage.layer.scratch, "scratch");
  return function_block(stage.layer, signature, target);
}

std::string stage_type(const Network& network, const Stage& stage) {
  const Call& layer = stage.layer;
  const std::string pulls = fmt::format("onnx2mcu::Pulls<{}>", fmt::join(stage.pulls, ", ")),
                    reads = fmt::format("{}", fmt::join(stage.reads, ", "));
  std::string scratch = "onnx2mcu::NoScratch";
  if (!layer.scratch.empty())
    scratch = fmt::format("onnx2mcu::Scratch<{}, {}>", cpp_name(network.program[layer.scratch[0]].type),
                          network.plan.offsets[static_cast<std::size_t>(layer.scratch[0])]);
  switch (stage.kind) {
    case StageKind::row: return fmt::format("      onnx2mcu::RowStage<{}, {}, {}>", layer.name, pulls, reads);
    case StageKind::fold:
      return fmt::format("      onnx2mcu::FoldStage<{}, {}, {}, {}, {}, {}, {}>", layer.name, scratch, pulls,
                         reads, stage.k_h, stage.stride_h, stage.pad_top);
    default:
      return fmt::format("      onnx2mcu::WindowStage<{}, {}, {}, {}, {}>", upper_camel(layer.name),
                         layer.name, scratch, pulls, reads);
  }
}

std::string stream_block(const Network& network, const Call& stream, const Target& target) {
  const Program& program = network.program;
  Signature signature{program};
  signature.reads(stream, 0);
  signature.buffers(stream.writes, "y");
  std::vector<BufferId> arguments;
  for (const Operand& read : stream.reads) arguments.push_back(std::get<BufferId>(read));
  arguments.insert(arguments.end(), stream.writes.begin(), stream.writes.end());
  std::vector<std::string> values, stages;
  for (const StreamValue& v : stream.values) {
    const auto argument = std::find(arguments.begin(), arguments.end(), v.buffer);
    const std::int64_t place = argument != arguments.end()
                                   ? arguments.begin() - argument - 1
                                   : network.plan.offsets[static_cast<std::size_t>(v.buffer)];
    values.push_back(fmt::format("      onnx2mcu::Rows<{}, {}, {}, {}, {}>", cpp_name(program[v.buffer].type),
                                 v.height, v.pitch, v.kept, place));
  }
  std::string blocks;
  for (const Stage& stage : stream.stages) {
    blocks += stage_block(program, stage, target);
    stages.push_back(stage_type(network, stage));
  }
  return blocks +
         fill("stream.hpp.in", {{"summary", stream.summary},
                                {"costs", costs_of(stream)},
                                {"kept", stream.algorithm},
                                {"struct", upper_camel(stream.name)},
                                {"function", stream.name},
                                {"values", fmt::format("{}", fmt::join(values, ",\n"))},
                                {"stages", fmt::format("{}", fmt::join(stages, ",\n"))},
                                {"arguments", fmt::format("{}", fmt::join(signature.arguments, ", "))},
                                {"pointers", fmt::format("{}", fmt::join(signature.values, ", "))}});
}

}  // namespace

std::string layer_block(const Network& network, const Call& call, const Target& target) {
  if (!call.stages.empty()) return stream_block(network, call, target);
  Signature signature{network.program};
  signature.reads(call, 0);
  signature.buffers(call.writes, "y");
  signature.buffers(call.scratch, "scratch");
  return function_block(call, signature, target);
}

}  // namespace o2m
