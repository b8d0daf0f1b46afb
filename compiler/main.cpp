// The command line. Exit status: 0 done; 1 the model or data was refused, or a comparison failed; 2 wrong usage.

#include <iostream>

#include <CLI/CLI.hpp>

#include "compile.hpp"

int main(int argc, char** argv) {
  CLI::App app{"onnx2mcu: quantized ONNX to static C++ for microcontrollers"};
  o2m::CompileOptions options;
  std::string out;
  app.add_option("model", options.model)->required();
  app.add_option("-o", out)->required();
  app.add_option("--name", options.name);
  std::string target = "portable", dump, io = "model", layout = "model";
  app.add_option("--target", target);
  app.add_option("--io", io);
  app.add_option("--layout", layout);
  app.add_option("--dump-ir", dump);
  CLI11_PARSE(app, argc, argv);
  options.target = o2m::find_target(target);
  options.quantized_io = io == "quantized";
  options.nhwc_ports = layout == "nhwc";
  if (dump.rfind("after:", 0) == 0) options.dump_after = dump.substr(6);
  o2m::Diagnostics diagnostics;
  try {
    const o2m::Network network = o2m::build_network(options, diagnostics);
    o2m::write_files(out, o2m::emit(network, options));
    return 0;
  } catch (const o2m::Refused& refused) {
    for (const auto& d : refused.diagnostics) std::cerr << o2m::format(options.model.string(), "error", d);
  } catch (const o2m::Refusal& refusal) {
    std::cerr << o2m::format(options.model.string(), "error", {"", refusal.what(), {}, refusal.hint});
  }
  return 1;
}
