#include "firmware/hot_weights.hpp"

#include <algorithm>
#include <map>
#include <numeric>

#include "firmware/fit.hpp"

namespace o2m {
namespace {

constexpr std::int64_t line = 32;

/// Weights that a core keeps from one inference to the next, bytes: the STM32H7's Cortex-M7 has a data cache
/// of 16 KiB, the others none that counts.
std::int64_t data_cache(const Target& target) { return target.cpu == "CortexM7" ? 16 * 1024 : 0; }

/// The RAM of arena, stack and variables.
std::string_view fast_bank(const Target& target) { return target.cpu == "CortexM7" ? "DTCM" : "RAM"; }

/// How often each byte of an array comes from flash in one inference, about: once, or with every use where
/// the layer's weights are more than the cache holds. Convolutions that copy their weights read them once for
/// each tile of pixels.
void add_heat(const Call& call, std::int64_t cache, std::map<std::string, double>& heat) {
  double uses = call.weight_bytes <= cache
                    ? 1.0
                    : static_cast<double>(call.macs) /
                          static_cast<double>(std::max<std::int64_t>(call.weight_bytes, 1));
  for (const Param& p : call.params)
    if (p.name == "tile" && std::any_of(call.params.begin(), call.params.end(), [](const Param& c) {
          return c.name == "copied" && c.value == "true";
        }))
      uses /= std::stod(p.value);
  for (const Param& p : call.params)
    if (p.type == "auto&") heat[p.value] = std::max({heat[p.value], uses, 1.0});
  for (const Stage& stage : call.stages) add_heat(stage.layer, cache, heat);
}

std::int64_t rounded(const ConstantArray& array) {
  return (static_cast<std::int64_t>(array.bytes.size()) + line - 1) / line * line;
}

/// Bytes of that RAM which a firmware leaves free.
std::int64_t free_bytes(const Network& network, const Target& target, const std::vector<std::string>& words) {
  const Overhead o = overhead(network, target, 0);
  for (const BankUse& use : bank_uses(network, target, place(target, network, words, o), o))
    if (use.bank->name == fast_bank(target)) return use.bank->size - use.total();
  return 0;
}

}  // namespace

void choose_hot_weights(Network& network, const Target& target, const std::vector<std::string>& words) {
  const std::int64_t cache = data_cache(target);
  const bool told = std::any_of(words.begin(), words.end(),
                                [](const std::string& word) { return word.starts_with("weights="); });
  if (target.banks.empty() || told || constant_bytes(network.program) <= cache) return;
  Program& program = network.program;
  program.weights_in_ram = true;
  std::map<std::string, double> heat;
  for (const Call& call : program.calls) add_heat(call, cache, heat);
  std::vector<std::size_t> order(program.constants.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return heat[program.constants[a].name] > heat[program.constants[b].name];
  });
  std::int64_t room = free_bytes(network, target, words);
  for (const std::size_t i : order) {
    ConstantArray& array = program.constants[i];
    if (rounded(array) > room) continue;
    array.hot = true;
    room -= rounded(array);
  }
}

std::string hot_weights_text(const Program& program, const Target& target) {
  if (!program.weights_in_ram) return "";
  const std::int64_t cache = data_cache(target);
  return fmt::format(
      "  --optimize time copies weights to RAM at start, {} of {} bytes to {}: {} read by every inference; "
      "--place weights=BANK decides otherwise\n",
      hot_bytes(program), constant_bytes(program), fast_bank(target),
      cache > 0 ? fmt::format("more than the data cache ({} bytes) holds are", cache) : "they are");
}

}  // namespace o2m
