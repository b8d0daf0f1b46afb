#include "firmware/fit.hpp"

#include <algorithm>
#include <optional>

#include "cost/cost.hpp"
#include "firmware/hot_weights.hpp"

namespace o2m {
namespace {

/// The layer to blame: with the most live bytes when the arena is too large, else with the most weights.
Diagnostic blame(const Network& network, const BankUse& use) {
  const auto& calls = network.program.calls;
  const std::vector<std::int64_t> live = live_bytes(network);
  const bool arena = use.arena > use.weights;
  std::size_t worst = 0;
  for (std::size_t i = 1; i < calls.size(); ++i)
    if (arena ? live[i + 1] > live[worst + 1] : calls[i].weight_bytes > calls[worst].weight_bytes) worst = i;
  Diagnostic d;
  d.place = calls.empty() ? "" : calls[worst].origin;
  const std::string cause =
      calls.empty() ? ""
      : arena ? fmt::format("; this layer needs {} bytes at once, {}", live[worst + 1], calls[worst].summary)
              : fmt::format("; this layer has the most weights, {} bytes", calls[worst].weight_bytes);
  d.reason = fmt::format("the network does not fit: {} bytes for {} bytes of {}{}", use.total(),
                         use.bank->size, use.bank->name, cause);
  d.details.push_back(fmt::format("{}: {}", use.bank->name, bank_parts(use)));
  return d;
}

}  // namespace

std::string bank_parts(const BankUse& use) {
  std::string text;
  const auto part = [&](const char* what, std::int64_t bytes) {
    if (bytes > 0) text += fmt::format("{}{} {}", text.empty() ? "" : " + ", what, bytes);
  };
  part("weights", use.weights);
  part("code (estimated)", use.code);
  part("self-test vectors", use.vectors);
  part("arena", use.arena);
  part("stack", use.stack);
  part("variables", use.other);
  return text;
}

Overhead overhead(const Network& network, const Target& target, std::int64_t vectors) {
  constexpr std::int64_t unknown_layer = 900,
                         least = 700;  // the model is a fit: single layers come out too small
  std::int64_t layers = 0;
  for (const Call& call : network.program.calls) {
    const auto functions = std::max<std::int64_t>(static_cast<std::int64_t>(call.stages.size()), 1);
    const auto cost = layer_cost(network.program, call, target);
    layers += cost ? std::max(cost->code_bytes, least * functions) : unknown_layer * functions;
  }
  layers += layers / 8;                    // the model is a mean, the estimate should not be too small
  constexpr std::int64_t service = 1'024;  // stack of targets/common above run(), and of a fault's report
  const std::int64_t stack = (stack_bound(network.program, target).bytes + service + 255) / 256 * 256;
  return {layers, target.has_fpu ? 8'000 : 9'500, 256, stack, vectors};
}

std::vector<BankUse> bank_uses(const Network& network, const Target& target, const Placement& placement,
                               const Overhead& o) {
  std::vector<BankUse> uses;
  for (const Bank& bank : target.banks)
    if (bank.alias_of == 0) uses.push_back({&bank});
  const auto use = [&](std::string_view name) -> BankUse& {
    return *std::find_if(uses.begin(), uses.end(), [&](const BankUse& u) { return u.bank->name == name; });
  };
  BankUse& flash = use("FLASH");
  BankUse& ram = use(target.name == "h750" ? "DTCM" : "RAM");
  const auto add_weights = [&](const Place& place, std::int64_t bytes) {
    if (bytes == 0) return;
    use(place.bank).weights += bytes;
    if (!place.from.empty()) use(place.from).weights += bytes;
  };
  const std::int64_t hot = hot_bytes(network.program);
  add_weights(placement.weights, constant_bytes(network.program) - hot);
  add_weights(placement.hot_weights, hot);
  use(placement.code.bank).code += o.layers;
  if (!placement.code.from.empty()) use(placement.code.from).code += o.layers;
  flash.code += o.flash;
  use(placement.vectors.bank).vectors += o.vectors;
  const auto& pieces = network.plan.pieces;
  use(placement.arena.bank).arena += pieces.empty() ? network.plan.arena_bytes : pieces[0].bytes;
  for (std::size_t i = 1; i < pieces.size(); ++i) use(placement.further[i - 1].bank).arena += pieces[i].bytes;
  ram.stack += o.stack;
  ram.other += o.ram;
  return uses;
}

std::string placement_text(const Network& network, const Target& target, const Placement& p,
                           const Overhead& o) {
  const auto where = [](const Place& place) {
    return place.from.empty() ? std::string(place.name)
                              : fmt::format("{} (copied from {})", place.name, place.from);
  };
  std::string arena = where(p.arena);
  for (const Place& further : p.further) arena += " and " + where(further);
  const std::int64_t hot = hot_bytes(network.program);
  std::string weights = hot == 0 || hot < constant_bytes(network.program) ? where(p.weights) : "";
  if (hot > 0) weights = where(p.hot_weights) + (weights.empty() ? "" : " and ") + weights;
  std::string text = fmt::format("weights in {}, arena in {}, code in {}", weights, arena, where(p.code));
  text += o.vectors > 0 ? fmt::format(", self-test samples in {}\n", where(p.vectors)) : "\n";
  for (const BankUse& use : bank_uses(network, target, p, o))
    if (use.total() > 0)
      text += fmt::format("  {:<6}{:>9} of {:>9} bytes{}: {}\n", use.bank->name, use.total(), use.bank->size,
                          use.total() > use.bank->size ? ", does not fit" : "", bank_parts(use));
  text += hot_weights_text(network.program, target);
  return text;
}

void check_fit(const Network& network, const Target& target, const Placement& placement, const Overhead& o,
               Diagnostics& diagnostics) {
  for (const BankUse& use : bank_uses(network, target, placement, o))
    if (use.total() > use.bank->size) diagnostics.error(blame(network, use));
}

bool arena_fits(const Network& network, const Target& target, const std::vector<std::string>& words) {
  if (target.banks.empty()) return true;
  const Overhead o = overhead(network, target, 0);
  const std::vector<BankUse> uses = bank_uses(network, target, place(target, network, words, o), o);
  return std::none_of(uses.begin(), uses.end(),
                      [](const BankUse& use) { return use.arena > 0 && use.total() > use.bank->size; });
}

std::int64_t arena_room(const Network& network, const Target& target, const std::vector<std::string>& words) {
  if (target.banks.empty()) return 0;
  const Overhead o = overhead(network, target, 0);
  for (const BankUse& use : bank_uses(network, target, place(target, network, words, o), o))
    if (use.arena > 0) return use.arena + use.bank->size - use.total();
  return 0;
}

void check_fits_some_target(const Network& network, Diagnostics& diagnostics) {
  std::optional<Diagnostic> nearest;
  for (const Target& target : targets()) {
    if (target.banks.empty()) continue;
    std::optional<Diagnostic> misfit;
    for (const BankUse& use : bank_uses(network, target, place(target, network, {}, {}), {}))
      if (use.total() > use.bank->size && !misfit) misfit = blame(network, use);
    if (!misfit) return;
    nearest = std::move(misfit);
    nearest->details.insert(nearest->details.begin(),
                            fmt::format("not even {}: {}", target.name, target.description));
  }
  nearest->hint = "--any-size generates code for no known target, e.g. to run it on a PC";
  diagnostics.error(*nearest);
}

}  // namespace o2m
