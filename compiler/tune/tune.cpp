#include "tune/tune.hpp"

#include <unistd.h>
#include <zlib.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "firmware/firmware.hpp"
#include "host/process.hpp"
#include "samples/samples.hpp"

namespace o2m {
namespace {

namespace fs = std::filesystem;
using LayerCycles = std::map<std::string, double>;

std::string simulator() {
  std::error_code none;
  const fs::path beside = fs::read_symlink("/proc/self/exe", none).parent_path() / "onnx2mcu-sim";
  return fs::exists(beside, none) ? beside.string() : "onnx2mcu-sim";
}

std::string tail_of(const fs::path& file) {
  std::ifstream in(file);
  std::ostringstream text;
  text << in.rdbuf();
  const std::string all = text.str();
  return all.size() > 600 ? all.substr(all.size() - 600) : all;
}

void run_tool(const std::vector<std::string>& command, const fs::path& log) {
  if (const int status = run_process(command, {{}, log, log}); status != 0)
    refuse("{} failed with status {}: {}", command[0], status, tail_of(log));
}

/// Where CMake would look for make, which is not everywhere, Ninja if it is there; no words otherwise.
std::vector<std::string> generator() {
  try {
    if (run_process({"ninja", "--version"}, {}) == 0) return {"-G", "Ninja"};
  } catch (const Refusal&) {  // not installed
  }
  return {};
}

/// A request for one inference (docs/protocol.md) on bytes that look random, the same every time.
std::string inference_frame(const Program& program) {
  std::string payload;
  std::uint32_t state = 1;
  for (const Port& port : program.inputs) {
    const bool real = is_float(port.type);
    for (std::int64_t i = 0; i < element_count(port.shape); ++i) {
      state = state * 1664525 + 1013904223;
      const float value = static_cast<float>(state >> 8) / 16777216.0F;
      if (real && size_of(port.type) == 4)
        payload.append(reinterpret_cast<const char*>(&value), 4);
      else
        for (int b = 0; b < size_of(port.type); ++b)
          payload += static_cast<char>(state >> (24 - 8 * (b % 3)));
    }
  }
  const auto append = [](std::string& text, std::uint32_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> 8 * i);
  };
  const auto check = [](const std::string& text) {
    return static_cast<std::uint32_t>(
        crc32(0, reinterpret_cast<const Bytef*>(text.data()), static_cast<uInt>(text.size())));
  };
  std::string frame = "\xa5O2M";
  append(frame, 2, 1);
  append(frame, 1, 1);
  append(frame, 0, 2);
  append(frame, static_cast<std::uint32_t>(payload.size()), 4);
  append(frame, check(frame), 4);
  frame += payload;
  append(frame, check(payload), 4);
  return frame;
}

/// "network::layers::conv1(…)" -> "conv1"
std::string layer_of(const std::string& function) {
  const std::size_t colon = function.find("::layers::"), open = function.find('(');
  return colon == std::string::npos
             ? ""
             : function.substr(colon + 10, open == std::string::npos ? open : open - colon - 10);
}

/// Cycles of every layer of the network in one inference.
LayerCycles simulate(const CompileOptions& options, const std::optional<CodeForms>& forms) {
  CompileOptions variant = options;
  variant.forms = forms;
  variant.use_tuning = false;
  variant.layer_ends = true;
  variant.name = "network";
  Diagnostics unheard;
  const Network network = build_network(variant, unheard);
  GeneratedFiles files = emit(network, variant);
  std::string note;
  add_firmware(network, variant, {}, unheard, files, note);
  const TemporaryFolder folder;
  const fs::path source = folder.path / "gen", build = folder.path / "build", log = folder.path / "log",
                 request = folder.path / "request", result = folder.path / "result";
  write_files(source, files);
  std::vector<std::string> configure{"cmake", "-S", source.string(), "-B", build.string()};
  for (std::string& word : generator()) configure.push_back(std::move(word));
  run_tool(configure, log);
  run_tool({"cmake", "--build", build.string()}, log);
  std::ofstream(request, std::ios::binary) << inference_frame(network.program);
  run_process(
      {simulator(), "-q", "-t", std::string(options.target->name), "--uart", "file:" + request.string(),
       "--func", "network::layers::*", "--json", result.string(), (build / "firmware.elf").string()},
      {{}, {}, log});
  if (!fs::exists(result)) refuse("the simulator wrote no result: {}", tail_of(log));
  LayerCycles cycles;
  const auto report = nlohmann::json::parse(std::ifstream(result));
  for (const auto& function : report.at("functions"))
    if (const std::string layer = layer_of(function.at("name").get<std::string>()); !layer.empty())
      cycles[layer] = function.at("cycles").get<double>();
  if (cycles.empty()) refuse("the simulator met no layer: {}", tail_of(log));
  return cycles;
}

double total(const LayerCycles& cycles) {
  double sum = 0;
  for (const auto& [layer, count] : cycles) sum += count;
  return sum;
}

}  // namespace

TuneResult tune(const CompileOptions& options, const std::function<void(int, int)>& progress) {
  const std::vector<CodeForm> candidates = {{true, 8}, {true, 4},         {true, 2},
                                            {true, 1}, {true, all_steps}, {false, 1}};
  const int simulations = static_cast<int>(candidates.size()) + 2;
  int done = 0;
  progress(done, simulations);
  TuneResult result;
  result.before = total(simulate(options, std::nullopt));
  progress(++done, simulations);
  for (const CodeForm& form : candidates) {
    for (const auto& [layer, cycles] : simulate(options, CodeForms{form})) {
      const auto known = result.layers.find(layer);
      if (known == result.layers.end() || cycles < 0.995 * known->second.cycles)
        result.layers[layer] = {form, cycles};
    }
    progress(++done, simulations);
  }
  CodeForms best;
  for (const auto& [layer, tuned] : result.layers) best.layers[layer] = tuned.form;
  const LayerCycles together = simulate(options, best);  // where code lies in flash makes a small difference
  for (auto& [layer, tuned] : result.layers) tuned.cycles = together.at(layer);
  result.after = total(together);
  progress(++done, simulations);
  return result;
}

}  // namespace o2m
