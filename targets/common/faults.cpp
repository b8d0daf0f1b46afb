#include "faults.hpp"

#include "chip.hpp"
#include "semihosting.hpp"

extern "C" {
extern std::uint32_t __stack_limit[], __stack_top[];
[[noreturn]] void report_fault(const std::uint32_t* frame);
}

namespace onnx2mcu::target {
namespace {

// ARMv7-M ARM B3.2.4 (ICSR), 8 (CCR), 13 (SHCSR), 15 (CFSR), 16 (HFSR), 17 (MMFAR), 18 (BFAR).
constexpr std::uint32_t icsr = 0xE000'ED04, ccr = 0xE000'ED14, shcsr = 0xE000'ED24, cfsr = 0xE000'ED28,
                        hfsr = 0xE000'ED2C, mmfar = 0xE000'ED34, bfar = 0xE000'ED38;

struct Cause {
  std::uint8_t bit;  ///< of CFSR (ARMv7-M ARM B3.2.15)
  const char* text;
};
constexpr Cause causes[] = {
    {0, "instruction fetch denied"}, {1, "data access denied"},    {3, "unstacking denied"},
    {4, "stacking denied"},          {8, "instruction bus error"}, {9, "data bus error"},
    {10, "late data bus error"},     {11, "unstacking bus error"}, {12, "stacking bus error"},
    {16, "undefined instruction"},   {17, "not Thumb code"},       {18, "bad exception return"},
    {19, "no coprocessor"},          {24, "unaligned access"},     {25, "division by zero"},
};

void print(const char* text) noexcept {
  while (*text != '\0') uart::write(static_cast<std::uint8_t>(*text++));
}

void print(const char* name, std::uint32_t value) noexcept {
  print(name);
  for (int shift = 28; shift >= 0; shift -= 4)
    uart::write(static_cast<std::uint8_t>("0123456789abcdef"[(value >> shift) & 15u]));
}

}  // namespace

void enable_faults() noexcept {
  set_bits(shcsr, 7u << 16);  // MEMFAULTENA, BUSFAULTENA, USGFAULTENA
  set_bits(ccr, 1u << 4);     // DIV_0_TRP
}

/// The stack pointer at the fault is the frame the core pushed. When too little of the stack is left to
/// report on, the report takes all of it: nobody returns.
[[gnu::naked]] void fault_entry() {
  __asm__ volatile(
      "mrs r0, msp\n\t"
      "ldr r1, =__stack_limit + 192\n\t"
      "cmp r0, r1\n\t"
      "bhs 1f\n\t"
      "ldr r1, =__stack_top\n\t"
      "mov sp, r1\n"
      "1:\tb report_fault\n\t"
      ".ltorg");
}

}  // namespace onnx2mcu::target

void report_fault(const std::uint32_t* frame) {
  using namespace onnx2mcu::target;
  const std::uint32_t what = reg(cfsr);
  print("\r\nfault: exception ", reg(icsr) & 0x1FFu);
  const bool overflow = frame < __stack_limit || frame >= __stack_top || (what & (1u << 4 | 1u << 12)) != 0;
  if (overflow) {
    print(", stack overflow, sp ", reinterpret_cast<std::uint32_t>(frame));
  } else {
    print(" at pc ", frame[6]);
    print(", lr ", frame[5]);
  }
  if ((what & 1u << 7) != 0) print(", address ", reg(mmfar));
  if ((what & 1u << 15) != 0) print(", address ", reg(bfar));
  print(", cfsr ", what);
  print(", hfsr ", reg(hfsr));
  for (const Cause& cause : causes)
    if ((what >> cause.bit & 1u) != 0) {
      print(": ");
      print(cause.text);
    }
  print("\r\n");
  finish(fault_exit_status);
}
