#include "firmware/placement.hpp"

#include <algorithm>
#include <map>
#include <span>
#include <stdexcept>

#include "diagnostics.hpp"

namespace o2m {
namespace {

// Fastest first: what has room is taken in this order.
constexpr Place weights_simple[] = {{"flash", "FLASH", ""}, {"ram", "RAM", ".fast_data.weights", true}};
constexpr Place arena_simple[] = {{"ram", "RAM", ".noinit"}};
constexpr Place code_simple[] = {{"flash", "FLASH", ""}, {"ram", "RAM", ".fast_code", true}};

constexpr Place weights_h750[] = {{"flash", "FLASH", ""}, {"qspi", "QSPI", ".external.weights"},
                                  {"dtcm", "DTCM", ".fast_data.weights", true}, {"axi", "AXI", ".big_data.weights", true}};
constexpr Place arena_h750[] = {{"dtcm", "DTCM", ".noinit"}, {"axi", "AXI", ".big_noinit"}, {"d2", "D2", ".d2_noinit"}, {"d3", "D3", ".d3_noinit"}};
constexpr Place code_h750[] = {{"flash", "FLASH", ""}, {"itcm", "ITCM", ".fast_code", true}};

struct Choices {
  std::span<const Place> weights, arena, code;
};

Choices choices(const Target& target) {
  if (target.name == "h750") return {weights_h750, arena_h750, code_h750};
  return {weights_simple, arena_simple, code_simple};
}

Place find(const Target& target, std::string_view what, std::string_view name, std::span<const Place> among) {
  std::string known;
  for (const Place& p : among) {
    if (p.name == name) return p;
    known += fmt::format("{}{}", known.empty() ? "" : ", ", p.name);
  }
  refuse("--place {}={}: {} of target {} can be in {}", what, name, what, target.name, known);
}

/// "weights=qspi" -> {"weights": "qspi"}
std::map<std::string, std::string> parse(const std::vector<std::string>& words) {
  std::map<std::string, std::string> wanted;
  for (const std::string& word : words) {
    const std::size_t equals = word.find('=');
    const std::string what = word.substr(0, equals);
    if (equals == std::string::npos || (what != "weights" && what != "arena" && what != "code"))
      refuse("--place {}: expected weights=BANK, arena=BANK or code=BANK", word);
    wanted[what] = word.substr(equals + 1);
  }
  return wanted;
}

}  // namespace

const Bank& bank_named(const Target& target, std::string_view name) {
  for (const Bank& bank : target.banks)
    if (bank.name == name) return bank;
  throw std::logic_error("no bank " + std::string(name));
}

Placement place(const Target& target, const Network& network, const std::vector<std::string>& words, std::int64_t fixed_flash,
                std::int64_t fixed_ram) {
  const auto wanted = parse(words);
  const Choices all = choices(target);
  std::int64_t weights = 0;
  for (const ConstantArray& c : network.program.constants) weights += static_cast<std::int64_t>(c.bytes.size());
  Placement out{all.weights[0], all.arena[0], all.code[0]};
  if (weights + fixed_flash > target.flash_bytes && all.weights[1].name == "qspi") out.weights = all.weights[1];
  for (const Place& p : all.arena) {
    const bool first = p.bank == all.arena[0].bank;
    if (network.plan.arena_bytes + (first ? fixed_ram : 0) > bank_named(target, p.bank).size) continue;
    out.arena = p;
    break;
  }
  for (const auto& [what, name] : wanted) {
    if (what == "weights") out.weights = find(target, what, name, all.weights);
    if (what == "arena") out.arena = find(target, what, name, all.arena);
    if (what == "code") out.code = find(target, what, name, all.code);
  }
  return out;
}

}  // namespace o2m
