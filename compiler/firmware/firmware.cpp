#include "firmware/firmware.hpp"

#include <fmt/ranges.h>

#include "diagnostics.hpp"
#include "emit/embedded.hpp"
#include "emit/fill.hpp"
#include "firmware/fit.hpp"
#include "program/names.hpp"
#include "version.hpp"

namespace o2m {
namespace {

std::int64_t sample_total(const std::vector<Port>& ports) {
  std::int64_t bytes = 0;
  for (const Port& p : ports) bytes += sample_bytes(p);
  return bytes;
}

/// `[[gnu::section("…")]] constexpr std::uint8_t NAME[] = {…};` with all ports of one sample after the other.
std::string array(const char* name, const Place& place, const std::vector<Port>& ports,
                  const Samples& samples) {
  std::vector<unsigned> bytes;
  for (std::int64_t n = 0; n < samples.count; ++n)
    for (std::size_t i = 0; i < ports.size(); ++i) {
      const auto size = static_cast<std::size_t>(sample_bytes(ports[i]));
      for (std::size_t b = 0; b < size; ++b)
        bytes.push_back(
            std::to_integer<unsigned>(samples.arrays[i].bytes[static_cast<std::size_t>(n) * size + b]));
    }
  const std::string section =
      place.section.empty() ? "" : fmt::format("[[gnu::section(\"{}\")]] ", place.section);
  std::string text = fmt::format("{}constexpr std::uint8_t {}[] = {{", section, name);
  for (std::size_t i = 0; i < bytes.size(); ++i)
    text += fmt::format("{}{},", i % 32 == 0 ? "\n    " : "", bytes[i]);
  return text + "};\n";
}

std::string vectors_header(const Program& program, const FirmwareOptions& f, const Placement& placement) {
  Fields fields{{"version", version},   {"arrays", ""},        {"inputs", "nullptr"},
                {"outputs", "nullptr"}, {"labels", "nullptr"}, {"count", std::to_string(f.inputs.count)}};
  if (f.inputs.count > 0) {
    fields["arrays"] = "\n" + array("vector_inputs", placement.vectors, program.inputs, f.inputs) +
                       array("vector_outputs", placement.vectors, program.outputs, f.expected);
    fields["inputs"] = "vector_inputs";
    fields["outputs"] = "vector_outputs";
  }
  if (f.labels) {
    std::string& arrays = fields["arrays"];
    arrays += "constexpr std::uint8_t vector_labels[] = {";
    for (std::int64_t i = 0; i < f.inputs.count; ++i)
      arrays += fmt::format("{},", static_cast<int>(f.labels->real(i)) & 0xFF);
    arrays += "};\n";
    fields["labels"] = "vector_labels";
  }
  return fill("firmware/vectors.hpp.in", fields);
}

std::string main_source(const Network& network, const CompileOptions& options, const FirmwareOptions& f,
                        const Placement& placement) {
  const Program& program = network.program;
  return fill("firmware/main.cpp.in",
              {{"version", version},
               {"model", comment_text(program.model_name)},
               {"target", std::string(options.target->name)},
               {"name", options.name},
               {"quoted_model", string_literal(printable(program.model_name))},
               {"layers", std::to_string(program.calls.size())},
               {"arena_section", std::string(placement.arena.section)},
               {"identity", string_literal(identity(network, options, f.inputs.count))},
               {"inputs", std::to_string(program.inputs.size())},
               {"outputs", std::to_string(program.outputs.size())}});
}

std::string cmake_lists(const CompileOptions& options, const Program& program, const Placement& placement,
                        const Overhead& o) {
  std::string definitions;
  const auto section = [&](const char* macro, const char* attributes, std::string_view name) {
    if (!name.empty())
      definitions +=
          fmt::format("\n  \"{}=__attribute__(({}section(\\\"{}\\\")))\"", macro, attributes, name);
  };
  for (const Place& further : placement.further)
    section(fmt::format("ONNX2MCU_BANK_{}", further.bank).c_str(), "", further.section);
  section("ONNX2MCU_WEIGHTS", "", placement.weights.section);
  section("ONNX2MCU_HOT_WEIGHTS", "", placement.hot_weights.section);
  section("ONNX2MCU_LAYER", "noinline, ", placement.code.section);
  if (placement.external_flash()) definitions += "\n  ONNX2MCU_EXTERNAL_FLASH";
  return fill("firmware/CMakeLists.txt.in", {{"version", version},
                                             {"model", comment_text(program.model_name)},
                                             {"description", std::string(options.target->description)},
                                             {"folder", std::string(options.target->chip.folder)},
                                             {"project", options.name},
                                             {"optimize", options.unroll == Unroll::size ? "-Os" : "-O2"},
                                             {"stack", std::to_string(o.stack)},
                                             {"definitions", definitions}});
}

}  // namespace

void add_firmware(const Network& network, const CompileOptions& options, const FirmwareOptions& f,
                  Diagnostics& diagnostics, GeneratedFiles& files, std::string& note) {
  const Program& program = network.program;
  const Target& target = *options.target;
  if (target.banks.empty()) refuse("--firmware needs a chip: --target f103, f446 or h750");
  const Overhead o = overhead(
      network, target, f.inputs.count * (sample_total(program.inputs) + sample_total(program.outputs)));
  const Placement placement = place(target, network, options.place, o);
  check_fit(network, target, placement, o, diagnostics);
  diagnostics.stop_on_errors();
  files["main.cpp"] = main_source(network, options, f, placement);
  files["vectors.hpp"] = vectors_header(program, f, placement);
  files["CMakeLists.txt"] = cmake_lists(options, program, placement, o);
  const std::string common = "targets/common/", chip = fmt::format("targets/{}/", target.chip.folder);
  for (const EmbeddedFile& file : embedded_files())
    if (file.path.starts_with(common) || file.path.starts_with(chip))
      files[std::string(file.path)] = file.text;
  note = placement_text(network, target, placement, o);
}

}  // namespace o2m
