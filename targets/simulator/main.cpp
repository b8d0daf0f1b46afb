// onnx2mcu-sim: runs a firmware's ELF file on the memory map of one chip. Exit status: the firmware's own, or
// 94 to 98.
#include <CLI/CLI.hpp>
#include <exception>
#include <iostream>

#include "report.hpp"

namespace {

struct Options {
  std::string target, elf, uart = "stdio", json;
  std::vector<std::string> functions, annotate, broken;
  std::uint64_t max_instructions = 0;
  bool profile = false, quiet = false;
};

int simulate(const Options& o) {
  using namespace o2m::sim;
  const o2m::Target* target = o2m::find_target(o.target);
  if (!target || target->banks.empty()) {
    std::cerr << "onnx2mcu-sim: --target " << o.target << ": expected f103, f446 or h750\n";
    return status_usage;
  }
  Engine engine(*target, o.elf, o.uart);
  for (const std::string& pattern : o.functions) engine.watch(pattern);
  for (const std::string& part : o.broken)
    (part == "pll" ? engine.peripherals().has_pll : engine.peripherals().has_crystal) = false;
  const RunResult result = engine.run(o.max_instructions);
  if (!o.quiet) print_summary(engine, *target, result);
  if (o.profile) print_profile(engine);
  for (const std::string& function : o.annotate) print_annotated(engine, function);
  if (o.json == "-") {
    write_json(engine, *target, result, stderr);
  } else if (!o.json.empty()) {
    std::FILE* out = std::fopen(o.json.c_str(), "w");
    if (!out) throw std::runtime_error("cannot write " + o.json);
    write_json(engine, *target, result, out);
    std::fclose(out);
  }
  return result.status;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"onnx2mcu-sim: runs firmware for the STM32F103, STM32F446 or STM32H750 without a board",
               "onnx2mcu-sim"};
  Options o;
  app.add_option("firmware", o.elf, "the firmware's ELF file")->required()->type_name("FIRMWARE.elf");
  app.add_option("-t,--target", o.target, "f103, f446 or h750")->required();
  app.add_option("--uart", o.uart,
                 "the UART: stdio, pty, tcp:PORT (on loopback) or file:PATH (input; output to stdout)")
      ->capture_default_str();
  app.add_option("--func", o.functions, "count these functions, callees included (shell pattern)")
      ->type_name("PATTERN");
  app.add_flag("--profile", o.profile, "cost of every function by itself");
  app.add_option("--annotate", o.annotate, "disassembly of a function with its costs")->type_name("FUNCTION");
  app.add_option("--json", o.json, "results as JSON into this file; - is stderr")->type_name("FILE");
  app.add_option("--max-instructions", o.max_instructions, "stop after so many; 0: never")
      ->capture_default_str();
  app.add_option("--broken", o.broken, "a clock source that never gets ready: crystal or pll")
      ->check(CLI::IsMember({"crystal", "pll"}));
  app.add_flag("-q,--quiet", o.quiet, "no summary");
  CLI11_PARSE(app, argc, argv);
  try {
    return simulate(o);
  } catch (const std::exception& fault) {
    std::cerr << "onnx2mcu-sim: " << fault.what() << '\n';
    return o2m::sim::status_usage;
  }
}
