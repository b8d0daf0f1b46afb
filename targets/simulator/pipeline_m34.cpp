#include <algorithm>
#include <bit>

#include "pipeline.hpp"

namespace o2m::sim {

/// The divider retires four quotient bits a cycle and ends early.
unsigned divide_cycles(std::uint32_t numerator, std::uint32_t denominator) {
  const int quotient_bits = std::countl_zero(denominator) - std::countl_zero(numerator) + 1;
  return quotient_bits <= 0 ? 2 : static_cast<unsigned>(std::min(12, 3 + quotient_bits / 4));
}

namespace {

bool is_memory(Class kind) {
  return kind == Class::load || kind == Class::store || kind == Class::load_multiple ||
         kind == Class::store_multiple || kind == Class::fp_memory;
}

/// SMULL and its like on the M3 depend on how many operands need more than 16 bits.
unsigned long_multiply_m3(const Execution& e) {
  const auto big = [](std::uint32_t v) {
    return static_cast<std::int32_t>(v) != static_cast<std::int16_t>(v) ? 1u : 0u;
  };
  const unsigned n = big(e.operand_a) + big(e.operand_b);
  return e.in.accumulates ? 4 + n + (n == 2 ? 1 : 0) : 3 + n;
}

unsigned fp_cycles(const Instruction& in) {
  if (in.fp_divide) return 14;
  if (in.fp_multiply_add) return 3;
  return std::popcount((in.reads | in.writes) & core_bits) == 2 ? 2 : 1;  // VMOV of two core registers
}

unsigned unaligned_penalty(const Access& a) {
  const bool aligned = a.size == 4 ? (a.address & 3) == 0 : a.size == 2 ? (a.address & 1) == 0 : true;
  return aligned ? 0 : a.size == 4 && (a.address & 1) ? 2 : 1;
}

}  // namespace

/// Cycles to refill the pipeline behind a taken branch; a 32-bit instruction across a word takes one more.
unsigned PipelineM34::refill(const Execution& e) {
  const Instruction* target = decoder_.at(e.next_pc);
  unsigned n = e.in.loads_pc ? 3 : e.in.indirect ? 2 : 1;
  if (target && target->length == 4 && (e.next_pc & 2)) ++n;
  return std::min(n, 3u);
}

/// `interlock`: the address needs a result of the instruction before.
unsigned PipelineM34::issue(const Execution& e, unsigned interlock) {
  const Instruction& in = e.in;
  const bool pipelined = after_load_ && !(loaded_ & in.address) && interlock == 0;
  switch (in.kind) {
    case Class::load: return pipelined ? 1 : 2 + interlock;
    case Class::store: return in.immediate_store ? 1 + interlock : pipelined ? 1 : 2 + interlock;
    case Class::load_multiple:
    case Class::store_multiple:
    case Class::fp_memory: return 1 + in.words + interlock;
    case Class::multiply_add:
    case Class::dual_multiply: return core_ == Core::m3 ? 2 : 1;
    case Class::long_multiply: return core_ == Core::m3 ? long_multiply_m3(e) : 1;
    case Class::divide: return divide_cycles(e.operand_a, e.operand_b);
    case Class::if_then: return after_narrow_ ? 0 : 1;  // folded into the fetch of a 16-bit instruction
    case Class::fp: return fp_cycles(in) + (in.reads & fp_computed_ ? 1 : 0);
    case Class::system: return in.length == 4 ? (in.alone ? 3 : 1) : 1;
    default: return 1;
  }
}

unsigned PipelineM34::cycles(const Execution& e) {
  const Instruction& in = e.in;
  unsigned n = 1;
  bool load = false;
  Registers computed = 0, fp_computed = 0;
  if (e.passed) {
    n = issue(e, is_memory(in.kind) && (in.address & computed_) ? 1 : 0);
    load = in.kind == Class::load;
    if (in.kind == Class::fp && in.fp_arithmetic) fp_computed = in.writes;
    const bool multiplies = in.kind == Class::multiply || in.kind == Class::multiply_add ||
                            in.kind == Class::dual_multiply || in.kind == Class::long_multiply ||
                            in.kind == Class::divide;
    if (multiplies)
      computed = in.writes;
    else if (!is_memory(in.kind) && in.kind != Class::if_then && in.kind != Class::branch &&
             in.kind != Class::system)
      computed = in.writes & core_bits;
  }
  if (e.taken) {
    n += refill(e);
    if (in.kind == Class::branch && in.loads_pc) n += 2;
  }
  for (const Access& a : e.accesses) n += unaligned_penalty(a);
  after_load_ = load;
  loaded_ = in.writes;
  computed_ = computed;
  fp_computed_ = fp_computed;
  after_narrow_ = in.length == 2 && !e.taken && in.kind != Class::if_then;
  return n;
}

}  // namespace o2m::sim
