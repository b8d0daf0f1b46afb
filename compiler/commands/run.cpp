#include "commands/commands.hpp"
#include "commands/progress.hpp"
#include "commands/results.hpp"

namespace o2m {

int run_command(const Options& o, Diagnostics& diagnostics) {
  const Network network = build_network(o.compile, diagnostics);
  const std::vector<Port>&inputs = network.program.inputs, &outputs = network.program.outputs;
  const std::vector<NamedFile> files = named_files(o.outputs, outputs);
  for (const NamedFile& file : files) output_of(file, outputs);  // before the work
  const Samples samples = read_samples(inputs, named_files(o.inputs, inputs), "input", o.pixels);
  Progress progress("run");
  const HostResult result = run_on_host(network, o.compile, samples, o.host, std::ref(progress));
  write_outputs(files, outputs, result.outputs);
  return 0;
}

}  // namespace o2m
