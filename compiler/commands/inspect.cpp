#include <algorithm>

#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "commands/commands.hpp"
#include "firmware/fit.hpp"

namespace o2m {
namespace {

std::int64_t live_bytes(const Network& network, int step) {
  std::int64_t bytes = 0;
  for (std::size_t i = 0; i < network.program.buffers.size(); ++i) {
    const auto [lower, upper] = network.plan.lifetimes[i];
    if (lower <= step && step < upper) bytes += network.program.buffers[i].bytes;
  }
  return bytes;
}

std::int64_t constant_bytes(const Program& program) {
  std::int64_t bytes = 0;
  for (const ConstantArray& c : program.constants) bytes += static_cast<std::int64_t>(c.bytes.size());
  return bytes;
}

void print_layers(const Network& network) {
  fmt::print("{:<28} {:<26} {:>12} {:>9} {:>9}  {}\n", "layer", "kernel", "MACs", "weights", "live RAM", "shapes");
  for (std::size_t i = 0; i < network.program.calls.size(); ++i) {
    const Call& c = network.program.calls[i];
    fmt::print("{:<28} {:<26} {:>12} {:>9} {:>9}  {}\n", c.name, c.kernel, c.macs, c.weight_bytes, live_bytes(network, static_cast<int>(i) + 1), c.summary);
    fmt::print("  from {}\n", printable(c.origin));
    if (!c.algorithm.empty()) fmt::print("  algorithm: {}\n", printable(c.algorithm));
    if (!c.requantization.empty()) fmt::print("  requantization: {}\n", printable(c.requantization));
  }
}

/// One line per buffer: place, lifetime and a bar over the steps.
void print_memory(const Network& network) {
  const int steps = static_cast<int>(network.program.calls.size()) + 2;
  fmt::print("\nmemory map ({} bytes, lower bound {}{})\n", network.plan.arena_bytes, network.plan.lower_bound,
             network.plan.proven_minimal ? ", proven minimal for this schedule" : "");
  std::vector<std::size_t> order(network.program.buffers.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return network.plan.lifetimes[a] < network.plan.lifetimes[b]; });
  for (const std::size_t i : order) {
    const auto [lower, upper] = network.plan.lifetimes[i];
    std::string bar;
    for (int s = 0; steps <= 64 && s < steps; ++s) bar += s >= lower && s < upper ? '#' : '.';
    fmt::print("  {:>8} … {:<8} {} {}\n", network.plan.offsets[i], network.plan.offsets[i] + network.program.buffers[i].bytes, bar,
               printable(network.program.buffers[i].name));
  }
}

/// Where a firmware of --firmware would have everything, and whether it would fit.
void print_placement(const Network& network, const Target& target, const std::vector<std::string>& words) {
  if (target.banks.empty()) return;
  const Overhead o = overhead(network, target, 0);
  fmt::print("as firmware: {}", placement_text(network, target, place(target, network, words, o), o));
}

nlohmann::json placement_json(const Network& network, const Target& target, const std::vector<std::string>& words) {
  const Overhead o = overhead(network, target, 0);
  const Placement p = place(target, network, words, o);
  nlohmann::json banks = nlohmann::json::array();
  for (const BankUse& use : bank_uses(network, target, p, o))
    banks.push_back({{"bank", use.bank->name}, {"bytes", use.total()}, {"of", use.bank->size}});
  return {{"weights", p.weights.name}, {"arena", p.arena.name}, {"code", p.code.name}, {"banks", banks}};
}

nlohmann::json to_json(const Network& network) {
  nlohmann::json layers = nlohmann::json::array(), buffers = nlohmann::json::array();
  for (const Call& c : network.program.calls)
    layers.push_back({{"name", c.name}, {"kernel", c.kernel}, {"node", printable(c.origin)}, {"shapes", c.summary}, {"macs", c.macs},
                      {"weight_bytes", c.weight_bytes}, {"algorithm", c.algorithm}, {"requantization", c.requantization}});
  for (std::size_t i = 0; i < network.program.buffers.size(); ++i) {
    const auto [lower, upper] = network.plan.lifetimes[i];
    buffers.push_back({{"name", printable(network.program.buffers[i].name)}, {"offset", network.plan.offsets[i]}, {"bytes", network.program.buffers[i].bytes},
                       {"lower", lower}, {"upper", upper}});
  }
  return {{"layers", layers}, {"buffers", buffers}, {"arena_bytes", network.plan.arena_bytes}, {"lower_bound", network.plan.lower_bound},
          {"proven_minimal", network.plan.proven_minimal}, {"weight_bytes", constant_bytes(network.program)}, {"notes", network.program.notes}};
}

}  // namespace

int inspect_command(const Options& o, Diagnostics& diagnostics) {
  const Network network = build_network(o.compile, diagnostics);
  if (o.json) {
    nlohmann::json json = to_json(network);
    if (!o.compile.target->banks.empty()) json["firmware"] = placement_json(network, *o.compile.target, o.place);
    fmt::print("{}\n", json.dump(2));
    return 0;
  }
  const auto port_line = [](const char* kind, const Port& p) {
    fmt::print("{} \"{}\" {}{} {}", kind, printable(p.name), to_string(p.type), to_string(p.shape), p.layout);
    if (p.quantization) fmt::print(", scale {:g}, zero point {}", p.quantization->first, p.quantization->second);
    fmt::print("\n");
  };
  std::int64_t macs = 0;
  for (const Call& c : network.program.calls) macs += c.macs;
  fmt::print("{}: {} layer{}, {} MACs, target {}\n", printable(network.program.model_name), network.program.calls.size(),
             network.program.calls.size() == 1 ? "" : "s", macs, o.compile.target->name);
  for (const Port& p : network.program.inputs) port_line("input ", p);
  for (const Port& p : network.program.outputs) port_line("output", p);
  fmt::print("flash: {} bytes of constants; RAM: {} bytes of arena\n", constant_bytes(network.program), network.plan.arena_bytes);
  print_placement(network, *o.compile.target, o.place);
  fmt::print("\n");
  print_layers(network);
  print_memory(network);
  if (!network.program.notes.empty()) fmt::print("\nwhat became of the model's nodes\n");
  for (const std::string& note : network.program.notes) fmt::print("  {}\n", printable(note));
  return 0;
}

}  // namespace o2m
