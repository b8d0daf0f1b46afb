// The memory map of one chip, from the compiler's description of it: banks with their bytes and what was
// decoded there.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "instruction.hpp"
#include "target.hpp"

namespace o2m::sim {

struct Region {
  Bank bank;
  std::uint8_t* data = nullptr;                       ///< page-aligned; an alias shares its bank's
  std::vector<std::unique_ptr<Instruction>> decoded;  ///< by halfword
  bool contains(std::uint32_t address) const { return address - bank.base < bank.size; }
  bool read_only() const { return bank.kind == BankKind::flash || bank.kind == BankKind::external; }
};

class Memory {
 public:
  explicit Memory(const Target& target);
  /// Null: nothing there.
  Region* find(std::uint32_t address);
  /// Bytes at `address`, or null when the bank has fewer than `size` from there.
  std::uint8_t* bytes(std::uint32_t address, std::uint32_t size);
  std::uint32_t word(std::uint32_t address);
  std::vector<Region>& regions() { return regions_; }

 private:
  struct Free {
    void operator()(std::uint8_t* p) const;
  };
  std::vector<std::unique_ptr<std::uint8_t, Free>> storage_;
  std::vector<Region> regions_;
  Region* last_ = nullptr;
};

}  // namespace o2m::sim
