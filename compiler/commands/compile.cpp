#include <iostream>

#include "commands/commands.hpp"
#include "commands/results.hpp"
#include "firmware/firmware.hpp"
#include "firmware/fit.hpp"
#include "ops/op.hpp"
#include "report/report.hpp"
#include "samples/samples.hpp"

namespace o2m {
namespace {

/// The first `count` samples; 0: all.
Samples read_vectors(const std::vector<Port>& ports, const std::vector<std::string>& arguments,
                     const char* what, std::int64_t count, const PixelMap& pixels = {}) {
  return arguments.empty() ? Samples{}
                           : part(read_samples(ports, named_files(arguments, ports), what, pixels), 0, count);
}

FirmwareOptions firmware_options(const Options& o, const Program& program) {
  FirmwareOptions f{read_vectors(program.inputs, o.inputs, "input", o.samples, o.pixels),
                    read_vectors(program.outputs, o.expected, "output", o.samples),
                    {}};
  if (f.inputs.count != f.expected.count)
    refuse("{} samples are given, but {} expected results", f.inputs.count, f.expected.count);
  if (!o.labels.empty()) f.labels = read_array(o.labels);
  const bool enough = f.labels && o.samples > 0 && f.labels->count() > o.samples;
  if (f.labels && !enough && f.labels->count() != f.inputs.count)
    refuse("--labels holds {} labels for {} samples", f.labels->count(), f.inputs.count);
  return f;
}

/// Generated code alone: what is around it is the user's, so only what certainly does not fit is refused.
void check_network_fits(const Network& network, const Target& target, Diagnostics& diagnostics) {
  if (target.banks.empty())
    check_fits_some_target(network, diagnostics);
  else
    check_fit(network, target, place(target, network, {}, {}), {}, diagnostics);
  diagnostics.stop_on_errors();
}

}  // namespace

int compile_command(const Options& o, Diagnostics& diagnostics) {
  CompileOptions compile = o.compile;
  compile.layer_ends = o.firmware;
  const Network network = build_network(compile, diagnostics);
  GeneratedFiles files = emit(network, compile);
  std::string note;
  if (o.firmware)
    add_firmware(network, compile, firmware_options(o, network.program), diagnostics, files, note);
  else if (!o.any_size)
    check_network_fits(network, *compile.target, diagnostics);
  write_files(o.out_folder, files);
  write_report(network, compile, o.report);
  fmt::print("{}: {} layer{}, {} MACs, {} bytes of weights in flash, {} bytes of RAM (lower bound {})\n",
             (o.out_folder / (o.compile.name + ".hpp")).string(), network.program.calls.size(),
             network.program.calls.size() == 1 ? "" : "s", total_macs(network.program),
             constant_bytes(network.program), network.plan.arena_bytes, network.plan.lower_bound);
  fmt::print("{}", note);
  return 0;
}

int list_ops_command() {
  for (const Op* op : all_ops())
    if (op->domain != "onnx2mcu")
      fmt::print("{}{}{}{}\n", op->domain, op->domain.empty() ? "" : ".", op->type,
                 op->lower ? "" : " (of constants only)");
  return 0;
}

int list_targets_command() {
  for (const Target& t : targets()) fmt::print("{:<10}{}\n", t.name, t.description);
  return 0;
}

}  // namespace o2m
