// One decoded instruction: what the timing models need to know of it, and how often it ran.
#pragma once

#include <cstdint>

namespace o2m::sim {

enum class Class : std::uint8_t {
  alu,
  multiply,
  multiply_add,
  dual_multiply,
  long_multiply,
  divide,
  load,
  load_multiple,
  store,
  store_multiple,
  branch,
  extend,
  saturate,
  fp,
  fp_memory,
  if_then,
  system,
  count
};
inline constexpr const char* class_names[] = {
    "alu",        "mul",    "mac",      "dualmac",  "mul64", "div",   "load", "loadmulti", "store",
    "storemulti", "branch", "ext/pack", "sat/simd", "fp",    "fpmem", "it",   "sys"};

/// Sets of registers: bits 0 to 15 are r0 to pc, bit 16 the flags, bits 32 to 63 are s0 to s31.
using Registers = std::uint64_t;
inline constexpr Registers sp_bit = 1u << 13, lr_bit = 1u << 14, pc_bit = 1u << 15, flags_bit = 1u << 16,
                           core_bits = 0xFFFF;

struct Instruction {
  std::uint32_t pc = 0;
  std::uint32_t raw = 0;    ///< its bits; of a 32-bit one the first halfword on top
  std::uint8_t length = 0;  ///< 2 or 4 bytes
  Class kind = Class::alu;
  std::uint8_t words = 0;    ///< registers moved to or from memory
  std::uint8_t if_then = 0;  ///< of IT: first condition and mask
  Registers reads = 0, writes = 0;
  Registers address = 0;      ///< what its address is made of
  Registers accumulator = 0;  ///< read late, so that a chain of accumulations does not stall
  std::uint8_t numerator = 0, denominator = 0;  ///< of a division: register numbers

  bool immediate_store = false;  ///< a store without an index register
  bool alone = false;            ///< M7: issues by itself
  bool first_slot = false;       ///< M7: issues only as the first of a pair
  bool indirect = false;         ///< the target comes from a register or from memory
  bool loads_pc = false;
  bool breakpoint = false;
  bool sub_word = false;  ///< a load of less than 32 bits
  bool unconditional = false;
  bool shifts = false;
  bool simd = false;
  bool accumulates = false;  ///< a 64-bit multiply-accumulate
  bool fp = false, double_precision = false, fp_divide = false, fp_multiply_add = false,
       fp_arithmetic = false;

  // What happened to it.
  std::uint64_t executions = 0, cycles = 0;
  std::uint8_t prediction = 1;    ///< M7: two-bit counter of the branch
  std::uint32_t last_target = 0;  ///< M7: of an indirect branch
  int function = -1;              ///< index of the watched function that begins here
};

}  // namespace o2m::sim
