// From reset to main(): the vector table, RAM banks filled by the linker script's tables, FPU, clock, caches.
#include "chip.hpp"
#include "cycle_counter.hpp"
#include "faults.hpp"
#include "semihosting.hpp"

int main();

extern "C" {
struct CopyEntry {
  const std::uint32_t* from;
  std::uint32_t* to;
  std::uint32_t words;
};
struct ZeroEntry {
  std::uint32_t* to;
  std::uint32_t words;
};
extern const CopyEntry __copy_begin[], __copy_end[], __late_copy_begin[], __late_copy_end[];
extern const ZeroEntry __zero_begin[], __zero_end[];
extern std::uint32_t __stack_top[];
[[noreturn]] void reset_handler();
}

namespace onnx2mcu::target {

Clock clock;

namespace {

/// ARMv7-M ARM B1.5.3. No interrupt is ever enabled, so the table ends with the system exceptions.
struct VectorTable {
  const std::uint32_t* initial_stack;
  void (*reset)();
  void (*nmi)();
  void (*hard_fault)();
  void (*memory_management)();
  void (*bus_fault)();
  void (*usage_fault)();
  void (*reserved_7_to_10[4])();
  void (*supervisor_call)();
  void (*debug_monitor)();
  void (*reserved_13)();
  void (*pend_sv)();
  void (*sys_tick)();
};
static_assert(sizeof(VectorTable) == 16 * 4, "sixteen words, whatever the compiler");

[[gnu::section(".vectors"), gnu::used]] const VectorTable vectors = {
    __stack_top, reset_handler, fault_entry, fault_entry, fault_entry, fault_entry, fault_entry,
    {},          fault_entry,   fault_entry, nullptr,     fault_entry, fault_entry,
};

// The tables are small and run once: loops, not calls of memcpy and memset, which
// -fno-tree-loop-distribute-patterns keeps them from becoming.
void copy(const CopyEntry* begin, const CopyEntry* end) noexcept {
  for (const CopyEntry* e = begin; e != end; ++e)
    for (std::uint32_t i = 0; i < e->words; ++i) e->to[i] = e->from[i];
}

void initialise_ram() noexcept {
  copy(__copy_begin, __copy_end);
  for (const ZeroEntry* e = __zero_begin; e != __zero_end; ++e)
    for (std::uint32_t i = 0; i < e->words; ++i) e->to[i] = 0;
}

void enable_fpu() noexcept {
#if defined(__ARM_FP)
  set_bits(0xE000'ED88, 0xFu << 20);  // CPACR: full access to CP10 and CP11 (ARMv7-M ARM B3.2.20)
  barrier();
#endif
}

}  // namespace
}  // namespace onnx2mcu::target

void reset_handler() {
  using namespace onnx2mcu::target;
  reg(0xE000'ED08) =
      reinterpret_cast<std::uint32_t>(&vectors);  // VTOR (ARMv7-M ARM B3.2.5), whoever started us
  enable_fpu();
  enable_memory();
  initialise_ram();
  enable_faults();
  clock = start_clock();
  enable_caches();
  copy(__late_copy_begin, __late_copy_end);
  start_cycle_counter();
  uart::start(clock.uart_hz);
  finish(static_cast<std::uint32_t>(main()));
}
