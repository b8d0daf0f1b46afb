#include "firmware/placement.hpp"

#include <algorithm>
#include <map>
#include <span>
#include <stdexcept>

#include "diagnostics.hpp"

namespace o2m {
namespace {

// The first of each list is what is taken unless something speaks against it.
constexpr Place weights_simple[] = {{"flash", "FLASH", "", ""},
                                    {"ram", "RAM", ".fast_data.weights", "FLASH"}};
constexpr const Place& ram_from_flash = weights_simple[1];
constexpr Place arena_simple[] = {{"ram", "RAM", ".noinit", ""}};
constexpr Place code_simple[] = {{"flash", "FLASH", "", ""}, {"ram", "RAM", ".fast_code", "FLASH"}};
constexpr Place vectors_simple[] = {{"flash", "FLASH", "", ""}};

constexpr Place dtcm_from_qspi{"dtcm", "DTCM", ".external_fast_data.weights", "QSPI"};
constexpr Place axi_from_qspi{"axi", "AXI", ".external_data.weights", "QSPI"};
constexpr Place weights_h750[] = {{"flash", "FLASH", "", ""},
                                  {"qspi", "QSPI", ".external.weights", ""},
                                  {"dtcm", "DTCM", ".fast_data.weights", "FLASH"},
                                  {"axi", "AXI", ".big_data.weights", "FLASH"}};
constexpr const Place& dtcm_from_flash = weights_h750[2];
constexpr const Place& axi_from_flash = weights_h750[3];
constexpr Place arena_h750[] = {{"dtcm", "DTCM", ".noinit", ""},
                                {"axi", "AXI", ".big_noinit", ""},
                                {"d2", "D2", ".d2_noinit", ""},
                                {"d3", "D3", ".d3_noinit", ""}};
constexpr Place code_h750[] = {{"itcm", "ITCM", ".fast_code", "FLASH"}, {"flash", "FLASH", "", ""}};
constexpr Place vectors_h750[] = {{"flash", "FLASH", "", ""}, {"qspi", "QSPI", ".external.vectors", ""}};

struct Choices {
  std::span<const Place> weights, arena, code, vectors;
};

Choices choices(const Target& target) {
  if (target.name == "h750") return {weights_h750, arena_h750, code_h750, vectors_h750};
  return {weights_simple, arena_simple, code_simple, vectors_simple};
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
    if (equals == std::string::npos ||
        (what != "weights" && what != "arena" && what != "code" && what != "vectors"))
      refuse("--place {}: expected weights=BANK, arena=BANK, code=BANK or vectors=BANK", word);
    wanted[what] = word.substr(equals + 1);
  }
  return wanted;
}

/// The first bank with room for the arena beside what is there already; the first of all if none has.
Place roomy(const Target& target, std::span<const Place> arenas, const Network& network, const Placement& p,
            const Overhead& o) {
  for (const Place& arena : arenas)
    if (network.plan.arena_bytes + taken_beside(target, network, p, o, arena) <=
        bank_named(target, arena.bank).size)
      return arena;
  return arenas[0];
}

/// Of the arena, in this bank.
std::int64_t arena_in(std::string_view bank, const Network& network, const Placement& p) {
  const auto& pieces = network.plan.pieces;
  if (pieces.empty()) return p.arena.bank == bank ? network.plan.arena_bytes : 0;
  std::int64_t bytes = 0;
  for (const ArenaPiece& piece : pieces) bytes += piece.bank == bank ? piece.bytes : 0;
  return bytes;
}

/// Bytes of internal flash under this placement.
std::int64_t flash_use(const Network& network, const Placement& p, const Overhead& o) {
  const bool weights = p.weights.bank == "FLASH" || p.weights.from == "FLASH";
  const std::int64_t hot = hot_bytes(network.program);
  return o.flash + o.layers + (weights ? constant_bytes(network.program) - hot : 0) +
         (p.hot_weights.from == "FLASH" ? hot : 0) + (p.vectors.bank == "FLASH" ? o.vectors : 0);
}

}  // namespace

std::vector<Place> arena_places(const Target& target, const std::vector<std::string>& words) {
  const std::span<const Place> all = choices(target).arena;
  const auto wanted = parse(words);
  const auto word = wanted.find("arena");
  if (word == wanted.end()) return {all.begin(), all.end()};
  std::vector<Place> places;
  for (std::size_t at = 0; at <= word->second.size();) {
    const std::size_t end = std::min(word->second.find('+', at), word->second.size());
    places.push_back(find(target, "arena", word->second.substr(at, end - at), all));
    at = end + 1;
  }
  return places;
}

std::int64_t taken_beside(const Target& target, const Network& network, const Placement& p, const Overhead& o,
                          const Place& arena) {
  const bool variables = arena.bank == choices(target).arena[0].bank;
  return (variables ? o.ram + o.stack : 0) +
         (arena.bank == p.weights.bank ? constant_bytes(network.program) - hot_bytes(network.program) : 0) +
         (arena.bank == p.hot_weights.bank ? hot_bytes(network.program) : 0);
}

const Bank& bank_named(const Target& target, std::string_view name) {
  for (const Bank& bank : target.banks)
    if (bank.name == name) return bank;
  throw std::logic_error("no bank " + std::string(name));
}

Placement place(const Target& target, const Network& network, const std::vector<std::string>& words,
                const Overhead& o) {
  const auto wanted = parse(words);
  const Choices all = choices(target);
  const auto told = [&](const char* what, std::span<const Place> among) {
    const auto word = wanted.find(what);
    return word == wanted.end() ? among[0] : find(target, what, word->second, among);
  };
  Placement p{told("weights", all.weights), arena_places(target, words)[0], told("code", all.code),
              told("vectors", all.vectors)};
  const auto& pieces = network.plan.pieces;
  if (!pieces.empty()) p.arena = find(target, "arena", pieces[0].place, all.arena);
  for (std::size_t i = 1; i < pieces.size(); ++i)
    p.further.push_back(find(target, "arena", pieces[i].place, all.arena));
  const std::int64_t cold = constant_bytes(network.program) - hot_bytes(network.program);
  const bool external = all.vectors.size() > 1;
  if (hot_bytes(network.program) > 0) p.hot_weights = external ? dtcm_from_flash : ram_from_flash;
  const auto overflows = [&] { return flash_use(network, p, o) > target.flash_bytes; };
  if (external && !wanted.contains("vectors") && overflows()) p.vectors = all.vectors[1];
  if (external && !wanted.contains("weights") && overflows()) {
    p.weights = cold <= bank_named(target, axi_from_qspi.bank).size ? axi_from_qspi : all.weights[1];
    if (hot_bytes(network.program) > 0) p.hot_weights = dtcm_from_qspi;
  }
  if (external && p.weights.name == "axi" && p.weights.from == "FLASH" && overflows())
    p.weights = axi_from_qspi;
  if (!wanted.contains("arena") && pieces.empty()) p.arena = roomy(target, all.arena, network, p, o);
  if (external && network.program.weights_in_ram && cold > 0 && p.weights.name == "flash" &&
      cold + arena_in(axi_from_flash.bank, network, p) <= bank_named(target, axi_from_flash.bank).size)
    p.weights = axi_from_flash;
  if (!wanted.contains("code") && p.code.bank == "ITCM" && o.layers > bank_named(target, "ITCM").size)
    p.code = find(target, "code", "flash", all.code);
  return p;
}

}  // namespace o2m
