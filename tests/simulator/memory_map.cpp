// The banks of compiler/target.cpp, from which the simulator takes its memory map, are those of the linker
// scripts.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <string>

#include "target.hpp"

namespace {

struct Region {
  std::uint32_t origin, length;
};

/// The MEMORY block of a memory.ld: NAME (rwx) : ORIGIN = 0x…, LENGTH = 64K
std::map<std::string, Region> regions_of(const std::string& path) {
  std::ifstream in(path);
  REQUIRE(in);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  static const std::regex line(
      R"((\w+)\s*\(\w+\)\s*:\s*ORIGIN\s*=\s*(0x[0-9a-fA-F]+),\s*LENGTH\s*=\s*(\d+)([KM])(?:\s*-\s*(\d+))?)");
  std::map<std::string, Region> out;
  for (std::sregex_iterator it(text.begin(), text.end(), line), end; it != end; ++it) {
    const auto& m = *it;
    const unsigned long unit = m[4] == "K" ? 1024 : 1024 * 1024, less = m[5].matched ? std::stoul(m[5]) : 0;
    out[m[1]] = {static_cast<std::uint32_t>(std::stoul(m[2], nullptr, 16)),
                 static_cast<std::uint32_t>(std::stoul(m[3]) * unit - less)};
  }
  return out;
}

}  // namespace

TEST_CASE("linker scripts and targets agree on every bank") {
  for (const o2m::Target& target : o2m::targets()) {
    if (target.banks.empty()) continue;
    CAPTURE(target.name);
    const auto regions =
        regions_of(std::string(TARGETS_FOLDER) + '/' + std::string(target.chip.folder) + "/memory.ld");
    std::size_t banks = 0;
    std::int64_t ram = 0;
    for (const o2m::Bank& bank : target.banks) {
      if (bank.alias_of != 0) continue;
      ++banks;
      CAPTURE(bank.name);
      const auto it = regions.find(std::string(bank.name));
      REQUIRE(it != regions.end());
      // The linker leaves the first bytes of ITCM, where null pointers point, unused.
      CHECK(it->second.origin + it->second.length == bank.base + bank.size);
      CHECK(it->second.origin - bank.base == (bank.name == "ITCM" ? 64 : 0));
      if (bank.kind == o2m::BankKind::sram || bank.kind == o2m::BankKind::tcm ||
          bank.kind == o2m::BankKind::bus)
        ram += bank.size;
      if (bank.kind == o2m::BankKind::flash) CHECK(target.flash_bytes == bank.size);
    }
    CHECK(banks == regions.size());
    CHECK(ram == target.ram_bytes);
  }
}
