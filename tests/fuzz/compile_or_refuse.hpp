// What the fuzzers of model files share: a model goes through the whole compiler up to the text of the
// generated files. Refusing it is right, and so is any result; only a crash, an internal fault
// (std::logic_error), a runaway allocation or a hang is a finding.
#ifndef ONNX2MCU_FUZZ_COMPILE_OR_REFUSE_HPP
#define ONNX2MCU_FUZZ_COMPILE_OR_REFUSE_HPP

#include "compile.hpp"
#include "import/import.hpp"

namespace fuzz {

/// `choice` picks the target and the form of the ports.
inline void compile_or_refuse(const onnx::ModelProto& model, unsigned choice) {
  o2m::CompileOptions options;
  constexpr const char* targets[] = {"portable", "f103", "f446", "h750"};
  options.target = o2m::find_target(targets[choice % 4]);
  options.quantized_io = choice / 4 % 2;
  options.nhwc_ports = choice / 8 % 2;
  o2m::Diagnostics diagnostics;
  try {
    o2m::Graph graph = o2m::import_model(model, {"/nonexistent", {}}, diagnostics);
    emit(o2m::build_network(std::move(graph), options, diagnostics), options);
  } catch (const o2m::Refused&) {
  } catch (const o2m::Refusal&) {
  }
}

}  // namespace fuzz

#endif
