// onnx2mcu device PORT info|infer|profile|validate|self-test|show: a network on its chip, or in the
// simulator.

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "commands/commands.hpp"
#include "commands/progress.hpp"
#include "commands/results.hpp"
#include "device/client.hpp"
#include "diagnostics.hpp"
#include "samples/npy.hpp"

namespace o2m {
namespace {

double milliseconds(std::uint64_t cycles, const DeviceInfo& info) {
  return static_cast<double>(cycles) * 1e3 / info.core_hz;
}

int info(const Options& o, const DeviceInfo& d) {
  nlohmann::json json = nlohmann::json::parse(d.json);
  if (o.json) {
    json["core_hz"] = d.core_hz;
    json["external_clock"] = d.external_clock;
    fmt::print("{}\n", json.dump(2));
    return 0;
  }
  fmt::print("{} (sha256 {}) on {} at {:g} MHz{}\n", printable(d.model), d.sha256, d.target, d.core_hz / 1e6,
             d.external_clock ? "" : " from the internal oscillator: the external one did not start");
  for (const Port& p : d.inputs) print_port("input ", p);
  for (const Port& p : d.outputs) print_port("output", p);
  fmt::print("arena {} bytes, weights {} bytes, {} MACs, {} layers, {} test vectors\n",
             json.at("arena_bytes").get<std::int64_t>(), json.at("weight_bytes").get<std::int64_t>(),
             json.at("macs").get<std::int64_t>(), d.layers.size(), d.vectors);
  return 0;
}

/// All inputs of sample `n`, one after the other.
std::vector<std::uint8_t> sample(const Samples& samples, const std::vector<Port>& ports, std::int64_t n) {
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = 0; i < ports.size(); ++i) {
    const std::int64_t size = sample_bytes(ports[i]);
    const auto* from = reinterpret_cast<const std::uint8_t*>(samples.arrays[i].bytes.data()) + n * size;
    bytes.insert(bytes.end(), from, from + size);
  }
  return bytes;
}

struct Results {
  std::vector<Tensor> outputs;  ///< (N, …)
  std::vector<std::uint32_t> cycles;
};

Results run_all(DeviceClient& device, const DeviceInfo& d, const Samples& samples, const char* what) {
  Results r;
  for (const Port& p : d.outputs) {
    Shape shape{samples.count};
    shape.insert(shape.end(), p.shape.begin(), p.shape.end());
    r.outputs.push_back({p.type, shape, {}});
  }
  Progress progress(what);
  for (std::int64_t n = 0; n < samples.count; ++n) {
    progress(n, samples.count);
    const Inference one = device.infer(sample(samples, d.inputs, n));
    r.cycles.push_back(one.cycles);
    std::size_t at = 0;
    for (std::size_t i = 0; i < d.outputs.size(); ++i) {
      const auto size = static_cast<std::size_t>(sample_bytes(d.outputs[i]));
      if (at + size > one.outputs.size())
        refuse("the device's answer of {} bytes is too short", one.outputs.size());
      const auto* from = reinterpret_cast<const std::byte*>(one.outputs.data()) + at;
      r.outputs[i].bytes.insert(r.outputs[i].bytes.end(), from, from + size);
      at += size;
    }
  }
  progress(samples.count, samples.count);
  return r;
}

nlohmann::json cycles_json(const std::vector<std::uint32_t>& cycles, const DeviceInfo& d) {
  if (cycles.empty()) return {};
  std::uint64_t sum = 0;
  for (const std::uint32_t c : cycles) sum += c;
  const double mean = static_cast<double>(sum) / static_cast<double>(cycles.size());
  return {{"mean", mean},
          {"least", *std::min_element(cycles.begin(), cycles.end())},
          {"most", *std::max_element(cycles.begin(), cycles.end())},
          {"milliseconds", mean * 1e3 / d.core_hz}};
}

void print_cycles(const std::vector<std::uint32_t>& cycles, const DeviceInfo& d) {
  const nlohmann::json j = cycles_json(cycles, d);
  if (!j.is_null())
    fmt::print("{:.0f} cycles a sample, {:.3f} ms at {:g} MHz (least {}, most {})\n", j["mean"].get<double>(),
               j["milliseconds"].get<double>(), d.core_hz / 1e6, j["least"].get<std::uint32_t>(),
               j["most"].get<std::uint32_t>());
}

int infer(const Options& o, DeviceClient& device, const DeviceInfo& d, const Samples& samples) {
  const Results r = run_all(device, d, samples, "infer");
  write_outputs(named_files(o.outputs, d.outputs), d.outputs, r.outputs);
  if (o.json)
    fmt::print("{}\n", cycles_json(r.cycles, d).dump(2));
  else
    print_cycles(r.cycles, d);
  return 0;
}

/// What --first and --count take.
Samples selected(const Options& o, const Samples& all) { return part(all, o.device.first, o.device.count); }

int validate(const Options& o, DeviceClient& device, const DeviceInfo& d, const Samples& samples) {
  Samples expected;
  std::optional<Tensor> labels;
  if (!o.expected.empty())
    expected = selected(o, read_samples(d.outputs, named_files(o.expected, d.outputs), "output"));
  if (!o.labels.empty()) {
    const Tensor all = read_array(o.labels);
    labels = selected(o, {all.count(), {all}}).arrays[0];
  }
  if (!o.expected.empty() && expected.count != samples.count)
    refuse("{} samples are given, but {} expected results", samples.count, expected.count);
  const Results r = run_all(device, d, samples, "validate");
  nlohmann::json summary{{"samples", samples.count}, {"cycles", cycles_json(r.cycles, d)}};
  const bool passed = report_results(d.outputs, r.outputs, expected, o.tolerance, labels, o.json, summary);
  if (o.json) {
    fmt::print("{}\n", summary.dump(2));
  } else {
    print_cycles(r.cycles, d);
    if (!expected.arrays.empty())
      fmt::print("{}: {} sample{} on {}\n", passed ? "passed" : "FAILED", samples.count,
                 samples.count == 1 ? "" : "s", d.target);
  }
  return passed ? 0 : 1;
}

/// Mean cycles of every layer over the samples.
int profile(const Options& o, DeviceClient& device, const DeviceInfo& d, const Samples& samples) {
  std::vector<std::uint64_t> layers(d.layers.size());
  std::uint64_t total = 0;
  Progress progress("profile");
  for (std::int64_t n = 0; n < samples.count; ++n) {
    progress(n, samples.count);
    const Inference one = device.profile(sample(samples, d.inputs, n));
    if (one.layer_cycles.size() != layers.size())
      refuse("the device reports {} layers, it has {}", one.layer_cycles.size(), layers.size());
    for (std::size_t i = 0; i < layers.size(); ++i) layers[i] += one.layer_cycles[i];
    total += one.cycles;
  }
  progress(samples.count, samples.count);
  const auto n = static_cast<std::uint64_t>(samples.count);
  nlohmann::json json{{"cycles", total / n}, {"layers", nlohmann::json::array()}};
  for (std::size_t i = 0; i < layers.size(); ++i) {
    json["layers"].push_back({{"name", d.layers[i]}, {"cycles", layers[i] / n}});
    if (!o.json)
      fmt::print("{:<32} {:>12} cycles {:>10.3f} ms {:>5.1f} %\n", d.layers[i], layers[i] / n,
                 milliseconds(layers[i] / n, d),
                 100 * static_cast<double>(layers[i]) / static_cast<double>(total));
  }
  if (o.json)
    fmt::print("{}\n", json.dump(2));
  else
    fmt::print("{:<32} {:>12} cycles {:>10.3f} ms\n", "all", total / n, milliseconds(total / n, d));
  return 0;
}

int self_test(const Options& o, DeviceClient& device, const DeviceInfo& d) {
  SelfTest sum{0, 0, 0, 0};
  Progress progress("self-test");
  for (std::int64_t i = 0; i < std::max<std::int64_t>(d.vectors, 1); ++i) {
    const SelfTest one = device.self_test(static_cast<std::uint16_t>(i));
    sum.vectors += one.vectors;
    sum.identical += one.identical;
    sum.cycles += one.cycles;
    sum.correct = one.correct < 0 ? -1 : sum.correct + one.correct;
    progress(i + 1, d.vectors);
  }
  if (sum.vectors == 0) refuse("the firmware holds no test vectors");
  const bool passed = sum.identical == sum.vectors;
  if (o.json) {
    nlohmann::json json{
        {"vectors", sum.vectors}, {"identical", sum.identical}, {"cycles", sum.cycles}, {"passed", passed}};
    if (sum.correct >= 0) json["correct"] = sum.correct;
    fmt::print("{}\n", json.dump(2));
  } else {
    fmt::print("{}: {} of {} vectors identical, {:.3f} ms each\n", passed ? "passed" : "FAILED",
               sum.identical, sum.vectors, milliseconds(sum.cycles / sum.vectors, d));
    if (sum.correct >= 0) fmt::print("labels: {} of {} correct\n", sum.correct, sum.vectors);
  }
  return passed ? 0 : 1;
}

/// An image of bytes as characters, two a pixel; nothing for inputs that are no images.
void draw(const Samples& samples, const Port& port, std::int64_t n) {
  const Shape& s = port.shape;
  const bool bytes = port.type == DType::uint8 || (!samples.from_bytes.empty() && samples.from_bytes[0]);
  if (!bytes || s.size() != 4 || s[1] != 1 || s[3] > 64) return;
  const Tensor& all = samples.arrays[0];
  const std::int64_t area = s[2] * s[3];
  double low = 0, high = 1;
  for (std::int64_t i = 0; i < area; ++i) {
    low = std::min(low, all.real(n * area + i));
    high = std::max(high, all.real(n * area + i));
  }
  for (std::int64_t y = 0; y < s[2]; ++y) {
    std::string line;
    for (std::int64_t x = 0; x < s[3]; ++x) {
      const double v = (all.real(n * area + y * s[3] + x) - low) / (high - low);
      line.append(2, " .:-=+*#%@"[static_cast<std::size_t>(v * 9)]);
    }
    fmt::print("{}\n", line.substr(0, line.find_last_not_of(' ') + 1));
  }
}

/// Draws every sample, and what the network says of it.
int show(DeviceClient& device, const DeviceInfo& d, const Samples& samples) {
  for (std::int64_t n = 0; n < samples.count; ++n) {
    Samples one{1, {}};
    for (std::size_t i = 0; i < d.inputs.size(); ++i) {
      const auto bytes = static_cast<std::ptrdiff_t>(sample_bytes(d.inputs[i]));
      const auto begin = samples.arrays[i].bytes.begin() + n * bytes;
      one.arrays.push_back({d.inputs[i].type, d.inputs[i].shape, {begin, begin + bytes}});
    }
    draw(samples, d.inputs[0], n);
    const Results r = run_all(device, d, one, "show");
    const Tensor& y = r.outputs[0];
    fmt::print("sample {}: prediction {}, {:.3f} ms\n ", n, predicted_class(y, 0, y.count()),
               milliseconds(r.cycles[0], d));
    for (std::int64_t i = 0; i < y.count(); ++i) fmt::print(" {}:{:g}", i, y.real(i));
    fmt::print("\n");
  }
  return 0;
}

}  // namespace

int device_command(const Options& o) {
  DeviceClient device(o.device.port,
                      std::chrono::milliseconds(static_cast<std::int64_t>(o.device.timeout_seconds * 1000)));
  const DeviceInfo d = device.identify();
  if (o.device.action == "info") return info(o, d);
  if (o.device.action == "self-test") return self_test(o, device, d);
  if (o.inputs.empty()) refuse("device {} needs --input", o.device.action);
  const Samples samples =
      selected(o, read_samples(d.inputs, named_files(o.inputs, d.inputs), "input", o.pixels));
  if (o.device.action == "infer") return infer(o, device, d, samples);
  if (o.device.action == "profile") return profile(o, device, d, samples);
  if (o.device.action == "show") return show(device, d, samples);
  return validate(o, device, d, samples);
}

}  // namespace o2m
