// Estimated cycles of an instruction in the core's pipeline: Cortex-M3 and M4, three stages, in order, one at
// a time; Cortex-M7, in order, two at a time. Memory stalls are memory_timing's.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "decoder.hpp"
#include "memory_timing.hpp"

namespace o2m::sim {

/// What was observed of an instruction beside its decoding.
struct Execution {
  Instruction& in;
  bool passed;  ///< its condition in an IT block held
  bool taken;   ///< what follows is not the next instruction
  std::uint32_t next_pc;
  std::uint32_t operand_a, operand_b;  ///< of divisions and, on M3, of 64-bit multiplications
  std::span<const Access> accesses;
};

unsigned divide_cycles(std::uint32_t numerator, std::uint32_t denominator);

class PipelineM34 {
 public:
  PipelineM34(Core core, Decoder& decoder) : core_(core), decoder_(decoder) {}
  unsigned cycles(const Execution& e);

 private:
  unsigned issue(const Execution& e, unsigned interlock);
  unsigned refill(const Execution& e);

  Core core_;
  Decoder& decoder_;
  // Of the instruction before.
  bool after_load_ = false, after_narrow_ = false;
  Registers loaded_ = 0, computed_ = 0, fp_computed_ = 0;
};

/// A scoreboard with the resources and latencies of LLVM's Cortex-M7 model.
class PipelineM7 {
 public:
  explicit PipelineM7(Statistics& statistics) : statistics_(statistics) {}
  void stall(unsigned cycles) { advance(cycle_ + cycles); }
  unsigned cycles(const Execution& e, unsigned memory_stall);

 private:
  struct Units {  ///< taken in this cycle
    int loads = 0, stores = 0, multipliers = 0, shifters = 0, simd = 0, fp = 0, fp_ports = 0, branches = 0;
  };
  struct Cost {
    unsigned latency = 1;  ///< until its result can be used
    unsigned extra = 0;    ///< cycles it holds the pipeline longer
  };
  void advance(std::uint64_t to);
  std::uint64_t operands_ready(const Instruction& in) const;
  bool conflicts(const Instruction& in) const;
  Cost occupy(const Execution& e);
  void resolve_branch(const Execution& e);

  Statistics& statistics_;
  std::array<std::uint64_t, 64> ready_{};  ///< cycle at which each register can be read
  std::uint64_t cycle_ = 0;
  int slot_ = 0;  ///< instructions issued in this cycle
  Units units_;
  Registers written_ = 0;  ///< in this cycle
};

}  // namespace o2m::sim
