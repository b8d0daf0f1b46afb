// Runs a firmware: Unicorn executes its instructions, this counts them, estimates their cycles and reports
// faults.
#pragma once

#include <unicorn/unicorn.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "decoder.hpp"
#include "elf_file.hpp"
#include "functions.hpp"
#include "memory_timing.hpp"
#include "peripherals.hpp"
#include "pipeline.hpp"

namespace o2m::sim {

/// Exit statuses beside the firmware's own.
enum Status {
  status_polls_forever = 94,
  status_usage = 95,
  status_limit = 96,
  status_exception = 97,
  status_memory_fault = 98
};

struct RunResult {
  int status = 0;
  std::string reason;
  std::uint32_t pc = 0;
  std::uint32_t stack_bytes =
      0;  ///< most that was used: below the initial stack pointer and overwritten, or pointed to
};

class Engine {
 public:
  Engine(const Target& target, const std::string& elf, const std::string& uart);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// Adds every function whose mangled or readable name matches the shell pattern.
  void watch(const std::string& pattern);
  Peripherals& peripherals() { return peripherals_; }
  RunResult run(std::uint64_t max_instructions);

  Memory& memory() { return memory_; }
  Decoder& decoder() { return decoder_; }
  const ElfFile& elf() const { return elf_; }
  const Statistics& statistics() const { return statistics_; }
  const std::vector<Function>& functions() const { return functions_.list; }

 private:
  struct Fault {
    int exception = 0;         ///< ARMv7-M exception number: 4 memory, 5 bus, 6 usage
    std::uint32_t status = 0;  ///< bits of CFSR
    std::uint32_t address = 0;
    bool has_address = false;
    std::string text;
  };

  // Unicorn's callbacks.
  static void on_code(uc_engine*, std::uint64_t pc, std::uint32_t, void* self);
  static void on_memory(uc_engine*, uc_mem_type type, std::uint64_t address, int size, std::int64_t,
                        void* self);
  static bool on_bad_memory(uc_engine*, uc_mem_type type, std::uint64_t address, int size, std::int64_t value,
                            void* self);
  static void on_interrupt(uc_engine*, std::uint32_t number, void* self);
  static std::uint64_t on_register_read(uc_engine*, std::uint64_t offset, unsigned size, void* window);
  static void on_register_write(uc_engine*, std::uint64_t offset, unsigned size, std::uint64_t value,
                                void* window);

  void map_memory();
  void add_hooks();
  void begin(std::uint32_t pc);
  void retire(std::uint32_t next_pc);
  bool condition_passes();
  void note_operands(const Instruction& in);
  std::uint32_t read_register(std::uint32_t address, unsigned size);
  void write_register(std::uint32_t address, unsigned size, std::uint32_t value);
  void note(std::uint32_t address, unsigned size, bool write);
  bool semihosting();
  void stop(int status, const std::string& reason);
  void fault(const Fault& fault);
  void fault_not_executable();
  bool deliver_fault();
  std::string fault_report(const Fault& fault);
  std::uint32_t core_register(int number) const;
  void set_core_register(int number, std::uint32_t value);
  void paint_stack();
  std::uint32_t painted_stack_bytes();

  struct Bus {  ///< what a callback for memory-mapped registers is given
    Engine* engine;
    std::uint32_t base;
  };

  const Target& target_;
  Core core_;
  Memory memory_;
  Decoder decoder_;
  ElfFile elf_;
  UartLine line_;
  Statistics statistics_;
  MemoryTiming timing_;
  Peripherals peripherals_;
  PipelineM34 pipeline_m34_;
  PipelineM7 pipeline_m7_;
  Functions functions_;
  uc_engine* unicorn_ = nullptr;
  std::vector<std::unique_ptr<Bus>> buses_;

  Instruction* current_ = nullptr;
  bool passed_ = true;
  std::uint8_t if_then_ = 0;
  std::uint32_t operand_a_ = 0, operand_b_ = 0;
  std::array<Access, 64> accesses_{};
  std::size_t access_count_ = 0;
  std::uint32_t initial_sp_ = 0, lowest_sp_ = 0, stack_limit_ = 0;
  std::uint32_t polled_address_ = 0, polled_value_ = 0;
  std::uint64_t polls_ = 0, max_instructions_ = 0;
  bool stopped_ = false;
  Fault fault_;
  RunResult result_;
};

}  // namespace o2m::sim
