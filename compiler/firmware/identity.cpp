// What a firmware tells about itself, so that a host needs nothing but the port: docs/protocol.md,
// "identify".

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "diagnostics.hpp"
#include "firmware/firmware.hpp"
#include "firmware/sha256.hpp"
#include "version.hpp"

namespace o2m {
namespace {

nlohmann::ordered_json port_json(const Port& port) {
  nlohmann::ordered_json out{{"name", printable(port.name)},
                             {"type", to_string(port.type)},
                             {"shape", port.shape},
                             {"layout", port.layout}};
  if (port.quantization) {
    out["scale"] = port.quantization->first;
    out["zero_point"] = port.quantization->second;
  }
  return out;
}

std::string file_hash(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  if (!in) refuse("cannot read {}", path.string());
  return sha256(bytes);
}

}  // namespace

std::string identity(const Network& network, const CompileOptions& options, std::int64_t vectors) {
  const Program& program = network.program;
  nlohmann::ordered_json inputs = nlohmann::ordered_json::array(), outputs = inputs, layers = inputs;
  for (const Port& p : program.inputs) inputs.push_back(port_json(p));
  for (const Port& p : program.outputs) outputs.push_back(port_json(p));
  for (const Call& call : program.calls) layers.push_back(call.name);
  nlohmann::ordered_json banks = nlohmann::ordered_json::object();
  for (const ArenaPiece& piece : network.plan.pieces) banks[piece.bank] = piece.bytes;
  nlohmann::ordered_json all{{"model", printable(program.model_name)},
                             {"sha256", file_hash(options.model)},
                             {"target", options.target->name},
                             {"onnx2mcu", version},
                             {"inputs", inputs},
                             {"outputs", outputs},
                             {"arena_bytes", network.plan.arena_bytes},
                             {"weight_bytes", constant_bytes(program)},
                             {"macs", total_macs(program)},
                             {"vectors", vectors},
                             {"layers", layers}};
  if (!banks.empty()) all["banks"] = banks;
  return all.dump(-1, ' ', /*ensure_ascii=*/true, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace o2m
