// Thumb-2 instructions decoded by Capstone, once per address as long as the bytes there stay the same.
#pragma once

#include <capstone/capstone.h>

#include <unordered_map>

#include "memory.hpp"

namespace o2m::sim {

class Decoder {
 public:
  explicit Decoder(Memory& memory);
  ~Decoder();
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  /// Null: there is no memory at `pc`.
  Instruction* at(std::uint32_t pc);
  /// "ldr r0, [r1]" for reports.
  std::string text(std::uint32_t pc);
  /// Watched functions: address of the first instruction -> index.
  std::unordered_map<std::uint32_t, int> functions;

 private:
  void decode(Instruction& in, const std::uint8_t* bytes);
  void classify(Instruction& in, const cs_insn& decoded);

  Memory& memory_;
  csh capstone_ = 0;
};

}  // namespace o2m::sim
