#include "firmware/hot_weights.hpp"

#include <algorithm>
#include <map>
#include <numeric>

#include "firmware/fit.hpp"

namespace o2m {
namespace {

constexpr std::int64_t data_cache = 16 * 1024;  // of the STM32H7's Cortex-M7, bytes
constexpr std::int64_t line = 32;

/// How often each byte of an array comes from flash in one inference, about: once, or with every use where
/// the layer's weights are more than the cache holds.
void add_heat(const Call& call, std::map<std::string, double>& heat) {
  const bool stays = call.weight_bytes <= data_cache;
  const double uses =
      stays ? 1.0 : std::max(1.0, static_cast<double>(call.macs) / static_cast<double>(call.weight_bytes));
  for (const Param& p : call.params)
    if (p.type == "auto&") heat[p.value] = std::max(heat[p.value], uses);
  for (const Stage& stage : call.stages) add_heat(stage.layer, heat);
}

std::int64_t rounded(const ConstantArray& array) {
  return (static_cast<std::int64_t>(array.bytes.size()) + line - 1) / line * line;
}

/// Bytes of DTCM that a firmware leaves free.
std::int64_t free_dtcm(const Network& network, const Target& target, const std::vector<std::string>& words) {
  const Overhead o = overhead(network, target, 0);
  for (const BankUse& use : bank_uses(network, target, place(target, network, words, o), o))
    if (use.bank->name == "DTCM") return use.bank->size - use.total();
  return 0;
}

}  // namespace

void choose_hot_weights(Network& network, const Target& target, const std::vector<std::string>& words) {
  const bool coupled = std::any_of(target.banks.begin(), target.banks.end(),
                                   [](const Bank& bank) { return bank.name == "DTCM"; });
  const bool told = std::any_of(words.begin(), words.end(),
                                [](const std::string& word) { return word.starts_with("weights="); });
  if (!coupled || told || constant_bytes(network.program) <= data_cache) return;
  Program& program = network.program;
  program.weights_in_ram = true;
  std::map<std::string, double> heat;
  for (const Call& call : program.calls) add_heat(call, heat);
  std::vector<std::size_t> order(program.constants.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return heat[program.constants[a].name] > heat[program.constants[b].name];
  });
  std::int64_t room = free_dtcm(network, target, words);
  for (const std::size_t i : order) {
    ConstantArray& array = program.constants[i];
    if (rounded(array) > room) continue;
    array.hot = true;
    room -= rounded(array);
  }
}

std::string hot_weights_text(const Program& program) {
  if (!program.weights_in_ram) return "";
  return fmt::format(
      "  --optimize time copies weights to RAM at start, {} of {} bytes to DTCM: more than the data cache "
      "({} bytes) holds are read "
      "by every inference; --place weights=BANK decides otherwise\n",
      hot_bytes(program), constant_bytes(program), data_cache);
}

}  // namespace o2m
