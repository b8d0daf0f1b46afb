// Exit status: 0 done; 1 the model or data was refused, or a comparison failed; 2 wrong usage; 3 an internal
// fault.

#include <exception>
#include <iostream>

#include "commands/commands.hpp"

namespace {

int run(const o2m::Options& o, o2m::Diagnostics& diagnostics) {
  switch (o.command) {
    case o2m::Command::compile: return o2m::compile_command(o, diagnostics);
    case o2m::Command::inspect: return o2m::inspect_command(o, diagnostics);
    case o2m::Command::run: return o2m::run_command(o, diagnostics);
    case o2m::Command::validate: return o2m::validate_command(o, diagnostics);
    case o2m::Command::quantize: return o2m::quantize_command(o, diagnostics);
    case o2m::Command::device: return o2m::device_command(o);
    case o2m::Command::tune: return o2m::tune_command(o);
    case o2m::Command::plan: return o2m::plan_command(o);
    case o2m::Command::list_ops: return o2m::list_ops_command();
    case o2m::Command::list_targets: return o2m::list_targets_command();
  }
  return 3;
}

}  // namespace

int main(int argc, char** argv) {
  o2m::Options options;
  if (const int status = o2m::parse_options(argc, argv, options); status >= 0) return status;
  const std::string file =
      options.command == o2m::Command::device ? "onnx2mcu device" : options.compile.model.string();
  o2m::Diagnostics diagnostics;
  int status = 1;
  try {
    status = run(options, diagnostics);
  } catch (const o2m::Refused& refused) {
    for (const o2m::Diagnostic& d : refused.diagnostics) std::cerr << o2m::format(file, "error", d);
  } catch (const o2m::Refusal& refusal) {
    std::cerr << o2m::format(file, "error", {"", refusal.what(), {}, refusal.hint});
  } catch (const std::bad_alloc&) {
    std::cerr << o2m::format(file, "error", {"", "not enough memory", {}, ""});
  } catch (const std::exception& fault) {
    std::cerr << "onnx2mcu: internal fault, please report it: " << fault.what() << '\n';
    status = 3;
  }
  for (const o2m::Diagnostic& d : diagnostics.warnings) std::cerr << o2m::format(file, "warning", d);
  return status;
}
