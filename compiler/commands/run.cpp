#include "commands/commands.hpp"
#include "commands/progress.hpp"
#include "samples/npy.hpp"

namespace o2m {
namespace {

std::vector<std::string> names_of(const std::vector<Port>& ports) {
  std::vector<std::string> names;
  for (const Port& p : ports) names.push_back(p.name);
  return names;
}

}  // namespace

int run_command(const Options& o, Diagnostics& diagnostics) {
  const Network network = build_network(o.compile, diagnostics);
  std::vector<NamedFile> inputs, outputs;
  for (const std::string& text : o.inputs) inputs.push_back(parse_named_file(text, names_of(network.program.inputs)));
  for (const std::string& text : o.outputs) outputs.push_back(parse_named_file(text, names_of(network.program.outputs)));
  const auto port_of = [&](const NamedFile& file) {
    for (std::size_t i = 0; i < network.program.outputs.size(); ++i)
      if (file.name == network.program.outputs[i].name || (file.name.empty() && network.program.outputs.size() == 1)) return i;
    refuse("--output \"{}\": the network has no such output", file.name.empty() ? file.path.string() : printable(file.name));
  };
  for (const NamedFile& file : outputs) port_of(file);
  const Samples samples = read_samples(network.program.inputs, inputs, "input", o.pixels);
  Progress progress("run");
  const HostResult result = run_on_host(network, o.compile, samples, o.host, std::ref(progress));
  for (const NamedFile& file : outputs) write_npy(file.path, result.outputs[port_of(file)]);
  return 0;
}

}  // namespace o2m
