#include "host/host_run.hpp"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "emit/embedded.hpp"
#include "emit/fill.hpp"
#include "host/process.hpp"

namespace o2m {
namespace {

namespace fs = std::filesystem;

std::string read_text(const fs::path& path, std::size_t most) {
  std::ifstream in(path, std::ios::binary);
  std::string text(most, '\0');
  in.read(text.data(), static_cast<std::streamsize>(most));
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

/// What a tool printed, below the message that mentions it.
std::string quoted(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text.empty() ? text : ":\n" + text;
}

void write_inputs(const fs::path& path, const Program& program, const Samples& samples) {
  std::ofstream out(path, std::ios::binary);
  for (std::int64_t n = 0; n < samples.count; ++n)
    for (std::size_t i = 0; i < program.inputs.size(); ++i) {
      const std::int64_t bytes = sample_bytes(program.inputs[i]);
      out.write(reinterpret_cast<const char*>(samples.arrays[i].bytes.data()) + n * bytes, bytes);
    }
  out.close();
  if (!out) refuse("cannot write {}", path.string());
}

void compile(const fs::path& folder, const HostOptions& host) {
  const char* from_environment = std::getenv("CXX");
  const std::string compiler = !host.compiler.empty()                  ? host.compiler
                               : from_environment && *from_environment ? from_environment
                                                                       : "c++";
  std::vector<std::string> argv = split_words(compiler);
  for (const char* word : {"-std=c++17", "-w"}) argv.push_back(word);
  for (std::string& word : split_words(host.flags)) argv.push_back(std::move(word));
  for (const std::string& word : {std::string("-I") + folder.string(), (folder / "runner.cpp").string(),
                                  std::string("-o"), (folder / "runner").string()})
    argv.push_back(word);
  const int status = run_process(argv, {{}, {}, folder / "errors"});
  if (status != 0)
    refuse("the host compiler {} could not build the generated code (status {}){}", compiler, status,
           quoted(read_text(folder / "errors", 4000)));
}

/// What one sample adds to the runner's output: traced tensors in call order, then the outputs.
struct Record {
  std::vector<TracedTensor> trace;
  std::vector<std::int64_t> trace_bytes;
};

Record record_of(const Network& network, bool trace) {
  Record r;
  const Program& program = network.program;
  for (std::size_t i = 0; trace && i < program.calls.size(); ++i)
    for (std::size_t o = 0; o < program.calls[i].writes.size(); ++o) {
      const Buffer& b = program[program.calls[i].writes[o]];
      r.trace.push_back({static_cast<int>(i),
                         static_cast<int>(o),
                         o < program.calls[i].tensors.size() ? program.calls[i].tensors[o] : b.name,
                         b.type,
                         b.shape,
                         {}});
      r.trace_bytes.push_back(b.bytes);
    }
  return r;
}

void append(std::ifstream& in, std::vector<std::byte>& to, std::int64_t bytes) {
  const std::size_t at = to.size();
  to.resize(at + static_cast<std::size_t>(bytes));
  in.read(reinterpret_cast<char*>(to.data() + at), bytes);
}

}  // namespace

HostResult run_on_host(const Network& network, const CompileOptions& options, const Samples& samples,
                       const HostOptions& host,
                       const std::function<void(std::int64_t, std::int64_t)>& progress) {
  const Program& program = network.program;
  CompileOptions as_network = options;
  as_network.name = "network";
  TemporaryFolder folder;
  GeneratedFiles files = emit(network, as_network);
  files["onnx2mcu/host/runner.hpp"] = embedded_file("runtime/onnx2mcu/host/runner.hpp");
  files["runner.cpp"] = fill("runner.cpp.in", {{"inputs", std::to_string(program.inputs.size())},
                                               {"outputs", std::to_string(program.outputs.size())}});
  write_files(folder.path, files);
  compile(folder.path, host);
  write_inputs(folder.path / "inputs", program, samples);

  Record record = record_of(network, options.trace);
  std::int64_t bytes_per_sample = 0;
  for (const std::int64_t b : record.trace_bytes) bytes_per_sample += b;
  for (const Port& port : program.outputs) bytes_per_sample += sample_bytes(port);
  const auto report = [&] {
    std::error_code missing;
    const auto size = fs::file_size(folder.path / "outputs", missing);
    if (!missing && bytes_per_sample > 0)
      progress(static_cast<std::int64_t>(size) / bytes_per_sample, samples.count);
  };
  const int status =
      run_process({(folder.path / "runner").string(), std::to_string(samples.count)},
                  {folder.path / "inputs", folder.path / "outputs", folder.path / "errors"}, report);
  if (status != 0)
    refuse("the generated code ended with status {} on the host (internal fault){}", status,
           quoted(read_text(folder.path / "errors", 4000)));
  progress(samples.count, samples.count);

  HostResult result;
  for (const Port& port : program.outputs) {
    Shape shape{samples.count};
    shape.insert(shape.end(), port.shape.begin(), port.shape.end());
    result.outputs.push_back({port.type, shape, {}});
  }
  result.trace = std::move(record.trace);
  std::ifstream in(folder.path / "outputs", std::ios::binary);
  for (std::int64_t n = 0; n < samples.count; ++n) {
    for (std::size_t t = 0; t < result.trace.size(); ++t)
      append(in, result.trace[t].data, record.trace_bytes[t]);
    for (std::size_t o = 0; o < program.outputs.size(); ++o)
      append(in, result.outputs[o].bytes, sample_bytes(program.outputs[o]));
  }
  if (!in) refuse("the generated code wrote too little output (internal fault)");
  return result;
}

}  // namespace o2m
