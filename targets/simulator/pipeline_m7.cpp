#include <algorithm>
#include <bit>

#include "pipeline.hpp"

namespace o2m::sim {
namespace {

/// Calls f(register number) for every register of the set.
template <class F>
void each(Registers set, F f) {
  for (; set != 0; set &= set - 1) f(static_cast<unsigned>(std::countr_zero(set)));
}

bool writes_back(Class kind) {
  return kind == Class::load || kind == Class::store || kind == Class::load_multiple ||
         kind == Class::store_multiple || kind == Class::fp_memory;
}

unsigned fp_latency(const Instruction& in) {
  if (in.fp_multiply_add) return in.double_precision ? 11 : 6;
  if (in.fp_divide) return in.double_precision ? 30 : 16;
  return in.double_precision && in.fp_arithmetic ? 5 : 3;
}

}  // namespace

void PipelineM7::advance(std::uint64_t to) {
  cycle_ = std::max(cycle_ + 1, to);
  slot_ = 0;
  units_ = {};
  written_ = 0;
}

/// Addresses are needed a cycle early, accumulators late.
std::uint64_t PipelineM7::operands_ready(const Instruction& in) const {
  std::uint64_t need = cycle_;
  each(in.address, [&](unsigned r) { need = std::max(need, ready_[r] + 1); });
  each(in.reads & ~in.address, [&](unsigned r) {
    const std::uint64_t late = (in.accumulator >> r & 1) ? (in.fp_multiply_add ? 3 : 1) : 0;
    need = std::max(need, ready_[r] - std::min(ready_[r], late));
  });
  return need;
}

bool PipelineM7::conflicts(const Instruction& in) const {
  const bool first_only = in.first_slot || in.simd || (in.double_precision && in.kind == Class::fp);
  if (slot_ == 2 || (slot_ > 0 && (in.alone || first_only)) || (in.writes & written_)) return true;
  switch (in.kind) {
    case Class::load: return units_.loads >= 2 || units_.stores > 0;
    case Class::store:
    case Class::load_multiple:
    case Class::store_multiple: return units_.loads + units_.stores > 0;
    case Class::multiply:
    case Class::multiply_add:
    case Class::dual_multiply:
    case Class::long_multiply: return units_.multipliers > 0;
    case Class::branch: return units_.branches > 0;
    case Class::fp: return units_.fp > 0;
    case Class::fp_memory: return units_.loads + units_.stores > 0 || units_.fp_ports > 0;
    default: return (in.shifts && units_.shifters > 0) || (in.simd && units_.simd > 0);
  }
}

PipelineM7::Cost PipelineM7::occupy(const Execution& e) {
  const Instruction& in = e.in;
  Cost cost;
  if (in.shifts) ++units_.shifters;
  switch (in.kind) {
    case Class::load:
      ++units_.loads;
      cost.latency = in.sub_word ? 2 : 1;
      break;
    case Class::store: ++units_.stores; break;
    case Class::load_multiple:
      units_.loads = 2;
      cost.extra = (in.words + 1u) / 2 - 1;
      break;
    case Class::store_multiple:
      units_.stores = 1;
      cost.extra = (in.words + 1u) / 2 - 1;
      break;
    case Class::multiply:
    case Class::multiply_add:
    case Class::dual_multiply:
    case Class::long_multiply:
      ++units_.multipliers;
      cost.latency = 2;
      break;
    case Class::divide: cost.extra = divide_cycles(e.operand_a, e.operand_b) - 2; break;
    case Class::saturate:
      ++units_.simd;
      cost.latency = 2;
      break;
    case Class::extend: units_.simd += in.simd; break;
    case Class::branch: ++units_.branches; break;
    case Class::fp:
      ++units_.fp;
      ++units_.fp_ports;
      cost.latency = fp_latency(in);
      cost.extra = in.double_precision && in.fp_multiply_add ? 1 : 0;
      break;
    case Class::fp_memory:
      ++units_.loads;
      ++units_.fp_ports;
      cost.latency = 2;
      cost.extra = in.words > 2 ? (in.words + 1u) / 2 - 1 : 0;
      break;
    case Class::system: cost.extra = in.length == 4 ? 2 : 0; break;
    default: break;
  }
  return cost;
}

/// Two-bit counters for conditional branches, the last target for indirect ones; returns are always
/// predicted.
void PipelineM7::resolve_branch(const Execution& e) {
  Instruction& in = e.in;
  bool missed = false;
  if (in.indirect) {
    const bool returns = in.kind != Class::branch || (in.reads & lr_bit);
    if (!returns) {
      missed = in.last_target != e.next_pc;
      in.last_target = e.next_pc;
    }
  } else if (!in.unconditional) {
    missed = (in.prediction >= 2) != e.taken;
    if (e.taken && in.prediction < 3) ++in.prediction;
    if (!e.taken && in.prediction > 0) --in.prediction;
  }
  if (missed) {
    ++statistics_.mispredicted;
    advance(cycle_ + 7);
  } else if (e.taken) {
    advance(0);
  }
}

unsigned PipelineM7::cycles(const Execution& e, unsigned memory_stall) {
  Instruction& in = e.in;
  const std::uint64_t begin = cycle_;
  if (const std::uint64_t need = operands_ready(in); need > cycle_) advance(need);
  if (conflicts(in)) advance(0);
  if (slot_ == 1) ++statistics_.dual;
  ++slot_;
  if (in.alone) slot_ = 2;
  const Cost cost = occupy(e);
  if (e.passed)
    each(in.writes, [&](unsigned r) {
      const bool base = r < 16 && (in.address >> r & 1) && writes_back(in.kind);
      ready_[r] = base ? cycle_ : cycle_ + cost.extra + memory_stall + cost.latency;
    });
  written_ |= in.writes;
  if (cost.extra > 0 || memory_stall > 0) {
    advance(cycle_ + cost.extra + memory_stall);
    if (in.alone && memory_stall == 0) {  // nothing joins it in its last cycle
      slot_ = 2;
      --cycle_;
    }
  }
  if (in.kind == Class::branch || in.indirect) resolve_branch(e);
  return static_cast<unsigned>(cycle_ - begin);
}

}  // namespace o2m::sim
