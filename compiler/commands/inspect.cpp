#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "commands/commands.hpp"
#include "commands/results.hpp"
#include "cost/cost.hpp"
#include "cost/work.hpp"
#include "firmware/fit.hpp"
#include "report/choices.hpp"
#include "report/report.hpp"

namespace o2m {
namespace {

void print_layers(const Network& network, const PlanFacts& facts, const Target& target) {
  fmt::print("{:<28} {:<26} {:>12} {:>9} {:>9} {:>11} {:>6}  {}\n", "layer", "kernel", "MACs", "weights",
             "live RAM", "cycles", "code", "shapes");
  for (std::size_t i = 0; i < network.program.calls.size(); ++i) {
    const Call& c = network.program.calls[i];
    const auto cost = layer_cost(network.program, c, target);
    fmt::print("{:<28} {:<26} {:>12} {:>9} {:>9} {:>11} {:>6}  {}\n", c.name, c.kernel, c.macs,
               c.weight_bytes, facts.live_bytes[i + 1], cost ? fmt::format("{:.0f}", cost->cycles) : "-",
               cost ? std::to_string(cost->code_bytes) : "-", c.summary);
    fmt::print("  from {}\n", printable(c.origin));
    if (!c.algorithm.empty()) fmt::print("  algorithm: {}\n", printable(c.algorithm));
    if (!c.requantization.empty()) fmt::print("  requantization: {}\n", printable(c.requantization));
  }
}

/// What the layers together are expected to take on a chip.
void print_cost(const Network& network, const Target& target) {
  const NetworkCost cost = network_cost(network.program, target);
  if (cost.cycles <= 0) return;
  fmt::print("expected: {:.0f} cycles, {:.3g} ms at {} MHz; {} bytes of layer code", cost.cycles,
             cost.cycles * 1000 / target.chip.core_hz, target.chip.core_hz / 1'000'000, cost.code_bytes);
  if (cost.unknown_layers > 0)
    fmt::print("; not counted: {} layer{} of unknown cost", cost.unknown_layers,
               cost.unknown_layers == 1 ? "" : "s");
  fmt::print("\n");
}

/// Name of the bank in which the buffer lies; "" where the arena is in one piece.
std::string bank_of(const MemoryPlan& plan, std::size_t buffer) {
  return plan.pieces.empty() ? "" : plan.pieces[static_cast<std::size_t>(plan.piece_of[buffer])].bank;
}

/// The plan in a few words, then one line per buffer: place, lifetime and a bar over the steps.
void print_memory(const Network& network, const PlanFacts& facts) {
  const int steps = static_cast<int>(facts.live_bytes.size());
  fmt::print("\nmemory plan: {} bytes, lower bound {}, {}\n", network.plan.arena_bytes,
             network.plan.lower_bound, facts.verdict);
  if (!network.plan.order.empty()) fmt::print("order of the layers: {}\n", network.plan.order);
  for (const ArenaPiece& piece : network.plan.pieces)
    fmt::print("in {}: {} bytes\n", piece.bank, piece.bytes);
  fmt::print("peak: {} bytes live in step {} ({})\n",
             facts.live_bytes[static_cast<std::size_t>(facts.peak_step)], facts.peak_step, facts.peak_name);
  std::vector<std::size_t> order(network.program.buffers.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return network.plan.lifetimes[a] < network.plan.lifetimes[b];
  });
  for (const std::size_t i : order) {
    const auto [lower, upper] = network.plan.lifetimes[i];
    if (lower >= upper || network.program.buffers[i].bytes == 0)
      continue;  // merged with another one, or no longer used
    std::string bar;
    for (int s = 0; steps <= 64 && s < steps; ++s)
      bar += s >= lower && s < upper ? '#' : s == facts.peak_step ? ':' : '.';
    const bool split = !network.plan.pieces.empty();
    fmt::print("  {}{:>8} … {:<8} {} {}\n", split ? fmt::format("{:<5}", bank_of(network.plan, i)) : "",
               network.plan.offsets[i], network.plan.offsets[i] + network.program.buffers[i].bytes, bar,
               printable(network.program.buffers[i].name));
  }
}

/// Where a firmware of --firmware would have everything, and whether it would fit.
void print_placement(const Network& network, const Target& target, const std::vector<std::string>& words) {
  if (target.banks.empty()) return;
  const Overhead o = overhead(network, target, 0);
  fmt::print("as firmware: {}", placement_text(network, target, place(target, network, words, o), o));
}

nlohmann::json placement_json(const Network& network, const Target& target,
                              const std::vector<std::string>& words) {
  const Overhead o = overhead(network, target, 0);
  const Placement p = place(target, network, words, o);
  nlohmann::json banks = nlohmann::json::array();
  for (const BankUse& use : bank_uses(network, target, p, o))
    banks.push_back({{"bank", use.bank->name}, {"bytes", use.total()}, {"of", use.bank->size}});
  return {{"weights", p.weights.name},
          {"hot_weights", p.hot_weights.name},
          {"arena", p.arena.name},
          {"code", p.code.name},
          {"banks", banks}};
}

/// What the layer takes by the cost model.
nlohmann::json layer_json(const Program& program, const Call& c, const Target& target) {
  nlohmann::json layer{{"name", c.name},
                       {"kernel", c.kernel},
                       {"node", printable(c.origin)},
                       {"shapes", c.summary},
                       {"macs", c.macs},
                       {"weight_bytes", c.weight_bytes},
                       {"algorithm", c.algorithm},
                       {"requantization", c.requantization}};
  if (c.stages.empty()) {
    const Work work = work_of(program, c);
    layer["cost_model"] = work.key;
    layer["work"] = work.amounts;
    layer["parts"] = work.parts;
  } else {
    const WholeLayers whole = whole_layers(program, c);
    for (const Call& stage : whole.layers)
      layer["stages"].push_back(layer_json(whole.program, stage, target));
  }
  if (const auto cost = layer_cost(program, c, target)) {
    layer["expected_cycles"] = cost->cycles;
    layer["expected_code_bytes"] = cost->code_bytes;
  }
  return layer;
}

nlohmann::json to_json(const Network& network, const Target& target) {
  const PlanFacts facts = plan_facts(network);
  const StackBound stack = stack_bound(network.program, target);
  nlohmann::json layers = nlohmann::json::array(), buffers = nlohmann::json::array();
  for (const Call& c : network.program.calls) layers.push_back(layer_json(network.program, c, target));
  for (std::size_t i = 0; i < network.program.buffers.size(); ++i) {
    const auto [lower, upper] = network.plan.lifetimes[i];
    if (lower < upper)
      buffers.push_back({{"name", printable(network.program.buffers[i].name)},
                         {"bank", bank_of(network.plan, i)},
                         {"offset", network.plan.offsets[i]},
                         {"position", position(network.plan, i)},
                         {"bytes", network.program.buffers[i].bytes},
                         {"lower", lower},
                         {"upper", upper}});
  }
  return {{"layers", layers},
          {"buffers", buffers},
          {"arena_bytes", network.plan.arena_bytes},
          {"lower_bound", network.plan.lower_bound},
          {"order", network.plan.order},
          {"peak_step", facts.peak_step},
          {"peak_layer", facts.peak_name},
          {"live_bytes", facts.live_bytes},
          {"proven_minimal", network.plan.proven_minimal},
          {"stack",
           {{"bytes", stack.bytes},
            {"run_bytes", stack.run_bytes},
            {"layer", stack.layer},
            {"layer_bytes", stack.layer_bytes}}},
          {"weight_bytes", constant_bytes(network.program)},
          {"notes", network.program.notes}};
}

void print_json(const Network& network, const CompileOptions& options) {
  nlohmann::json json = to_json(network, *options.target);
  for (const RamChoice& c : ram_choices(options))
    json["ram_choices"].push_back({{"name", c.name},
                                   {"optimize", c.optimize},
                                   {"taken", c.taken},
                                   {"arena_bytes", c.arena_bytes},
                                   {"stack_bytes", c.stack_bytes},
                                   {"proven_minimal", c.proven_minimal},
                                   {"expected_cycles", c.cost.cycles},
                                   {"layers_of_unknown_cost", c.cost.unknown_layers}});
  if (!options.target->banks.empty())
    json["firmware"] = placement_json(network, *options.target, options.place);
  fmt::print("{}\n", json.dump(2));
}

void print_summary(const Network& network, const CompileOptions& options) {
  const Program& program = network.program;
  fmt::print("{}: {} layer{}, {} MACs, target {}\n", printable(program.model_name), program.calls.size(),
             program.calls.size() == 1 ? "" : "s", total_macs(program), options.target->name);
  for (const Port& p : program.inputs) print_port("input ", p);
  for (const Port& p : program.outputs) print_port("output", p);
  for (const State& s : program.states) print_port("state ", s.port);
  const StackBound stack = stack_bound(program, *options.target);
  fmt::print("flash: {} bytes of constants; RAM: {} bytes of arena, at most {} of stack (run() {}, {} {})\n",
             constant_bytes(program), network.plan.arena_bytes, stack.bytes, stack.run_bytes,
             stack.layer.empty() ? "no layers" : stack.layer, stack.layer_bytes);
  print_placement(network, *options.target, options.place);
  fmt::print("\n");
}

}  // namespace

int inspect_command(const Options& o, Diagnostics& diagnostics) {
  const Network network = build_network(o.compile, diagnostics);
  write_report(network, o.compile, o.report);
  if (o.json) {
    print_json(network, o.compile);
    return 0;
  }
  print_summary(network, o.compile);
  const PlanFacts facts = plan_facts(network);
  print_layers(network, facts, *o.compile.target);
  print_cost(network, *o.compile.target);
  fmt::print("\n{}", ram_choices_text(ram_choices(o.compile)));
  print_memory(network, facts);
  if (!network.program.notes.empty()) fmt::print("\nwhat became of the model's nodes\n");
  for (const std::string& note : network.program.notes) fmt::print("  {}\n", printable(note));
  return 0;
}

}  // namespace o2m
