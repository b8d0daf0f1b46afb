#include <iostream>

#include "commands/commands.hpp"
#include "ops/op.hpp"

namespace o2m {

int compile_command(const Options& o, Diagnostics& diagnostics) {
  const Network network = build_network(o.compile, diagnostics);
  write_files(o.out_folder, emit(network, o.compile));
  std::int64_t weights = 0, macs = 0;
  for (const ConstantArray& c : network.program.constants) weights += static_cast<std::int64_t>(c.bytes.size());
  for (const Call& c : network.program.calls) macs += c.macs;
  fmt::print("{}: {} layer{}, {} MACs, {} bytes of weights in flash, {} bytes of RAM (lower bound {})\n", (o.out_folder / (o.compile.name + ".hpp")).string(),
             network.program.calls.size(), network.program.calls.size() == 1 ? "" : "s", macs, weights, network.plan.arena_bytes, network.plan.lower_bound);
  return 0;
}

int list_ops_command() {
  for (const Op* op : all_ops())
    if (op->domain != "onnx2mcu") fmt::print("{}{}{}\n", op->domain, op->domain.empty() ? "" : ".", op->type);
  return 0;
}

int list_targets_command() {
  for (const Target& t : targets()) fmt::print("{:<10}{}\n", t.name, t.description);
  return 0;
}

}  // namespace o2m
