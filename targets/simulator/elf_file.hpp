// A firmware's ELF file: its loadable bytes go into memory, its symbols name what runs.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "memory.hpp"

namespace o2m::sim {

struct Symbol {
  std::uint32_t address = 0, size = 0;
  std::string name;
};

class ElfFile {
 public:
  /// Throws std::runtime_error: not an ELF for Arm, or a segment that fits no bank of the chip.
  ElfFile(const std::string& path, Memory& memory);
  /// The function that holds `pc`, or null.
  const Symbol* function_at(std::uint32_t pc) const;
  /// "conv1+0x12" with C++ names in readable form, or "?".
  std::string place(std::uint32_t pc) const;
  std::optional<std::uint32_t> value(const std::string& symbol) const;
  const std::vector<Symbol>& functions() const { return functions_; }

 private:
  std::vector<Symbol> functions_;  ///< by address
  std::map<std::string, std::uint32_t> values_;
};

/// "network::layers::conv1(unsigned char const*, …)" of "_ZN7network…"; other names as they are.
std::string readable_name(const std::string& symbol);

}  // namespace o2m::sim
