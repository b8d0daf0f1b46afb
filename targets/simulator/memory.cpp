#include "memory.hpp"

#include <cstdlib>
#include <cstring>
#include <new>

namespace o2m::sim {

void Memory::Free::operator()(std::uint8_t* p) const { std::free(p); }

Memory::Memory(const Target& target) {
  for (const Bank& bank : target.banks) {
    Region region{bank, nullptr, {}};
    for (const Region& other : regions_)
      if (bank.alias_of != 0 && other.bank.base == bank.alias_of) region.data = other.data;
    if (!region.data) {
      region.data = static_cast<std::uint8_t*>(std::aligned_alloc(4096, bank.size));
      if (!region.data) throw std::bad_alloc();
      storage_.emplace_back(region.data);
      std::memset(region.data, region.read_only() ? 0xFF : 0, bank.size);
    }
    region.decoded.resize(bank.size / 2 + 1);
    regions_.push_back(std::move(region));
  }
}

Region* Memory::find(std::uint32_t address) {
  if (last_ && last_->contains(address)) return last_;
  for (Region& region : regions_)
    if (region.contains(address)) return last_ = &region;
  return nullptr;
}

std::uint8_t* Memory::bytes(std::uint32_t address, std::uint32_t size) {
  Region* region = find(address);
  const std::uint32_t offset = region ? address - region->bank.base : 0;
  return region && size <= region->bank.size - offset ? region->data + offset : nullptr;
}

std::uint32_t Memory::word(std::uint32_t address) {
  std::uint32_t value = 0xFFFF'FFFF;
  if (const std::uint8_t* from = bytes(address, 4)) std::memcpy(&value, from, 4);
  return value;
}

}  // namespace o2m::sim
