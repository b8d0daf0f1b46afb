#include "report/choices.hpp"

#include <fmt/format.h>

#include "firmware/fit.hpp"

namespace o2m {
namespace {

Network compiled(CompileOptions options, Optimize optimize, bool share) {
  options.optimize = optimize;
  options.share = share;
  options.dump_after.clear();
  Diagnostics heard_before;
  return build_network(options, heard_before);
}

RamChoice choice(const char* name, const CompileOptions& options, const Network& network) {
  return {name,
          "",
          false,
          network.plan.arena_bytes,
          stack_bound(network.program, *options.target).bytes,
          network.plan.proven_minimal,
          network_cost(network.program, *options.target)};
}

}  // namespace

std::vector<RamChoice> ram_choices(const CompileOptions& options) {
  const Network layers = compiled(options, Optimize::time, true),
                streams = compiled(options, Optimize::ram, true);
  std::vector<RamChoice> choices{
      choice("layer by layer, every buffer by itself", options, compiled(options, Optimize::time, false)),
      choice("layer by layer, buffers share bytes", options, layers),
      choice("rows streamed through chains of layers", options, streams)};
  const auto one_bank = [&](const Network& n) {
    return n.plan.pieces.empty() && arena_fits(n, *options.target, options.place);
  };
  const bool fits = one_bank(layers) || !one_bank(streams);  // else in pieces, if at all
  choices[1].optimize = fits ? "time, balanced" : "time";
  choices[2].optimize = fits ? "ram" : "ram, balanced";
  const bool streamed =
      options.optimize == Optimize::ram || (options.optimize == Optimize::balanced && !fits);
  choices[streamed ? 2 : 1].taken = true;
  return choices;
}

std::string ram_choices_text(const std::vector<RamChoice>& choices) {
  std::string text = fmt::format("  {:<40} {:>8} {:>7} {:>9} {:>14}  {}\n", "what RAM costs", "arena",
                                 "stack", "together", "cycles", "--optimize");
  for (const RamChoice& c : choices)
    text += fmt::format("{} {:<40} {:>8} {:>7} {:>9} {:>14}  {}{}\n", c.taken ? '>' : ' ', c.name,
                        c.arena_bytes, c.stack_bytes, c.arena_bytes + c.stack_bytes,
                        c.cost.cycles > 0
                            ? fmt::format("{:.0f}{}", c.cost.cycles, c.cost.unknown_layers > 0 ? " + ?" : "")
                            : "-",
                        c.optimize, c.proven_minimal ? "" : " (arena not proven minimal)");
  return text;
}

}  // namespace o2m
