// Faults: reported with address, pc and symbol, then given to the firmware's own handler as the core would,
// so that what the firmware says about it can be seen. A second fault ends the run.
#include <cstring>
#include <sstream>

#include "engine.hpp"

namespace o2m::sim {
namespace {

std::string hex(std::uint32_t v) {
  std::ostringstream text;
  text << "0x" << std::hex << v;
  return text.str();
}

}  // namespace

bool Engine::on_bad_memory(uc_engine*, uc_mem_type type, std::uint64_t address, int size, std::int64_t value,
                           void* self) {
  Engine& e = *static_cast<Engine*>(self);
  Fault f{5, 1u << 9 | 1u << 15, static_cast<std::uint32_t>(address), true, ""};
  const std::string bytes = std::to_string(size) + (size == 1 ? " byte" : " bytes");
  switch (type) {
    case UC_MEM_READ_UNMAPPED: f.text = "read of " + bytes + " outside any memory"; break;
    case UC_MEM_WRITE_UNMAPPED:
      f.text = "write of " + bytes + " (" + hex(static_cast<std::uint32_t>(value)) + ") outside any memory";
      break;
    case UC_MEM_WRITE_PROT:
      f.text = "write of " + bytes + " (" + hex(static_cast<std::uint32_t>(value)) + ") to flash";
      break;
    case UC_MEM_FETCH_UNMAPPED:
    case UC_MEM_FETCH_PROT: f = {5, 1u << 8, f.address, true, "execution outside any memory"}; break;
    default: f.text = "bad access"; break;
  }
  e.fault(f);
  return false;
}

void Engine::on_interrupt(uc_engine*, std::uint32_t number, void* self) {
  Engine& e = *static_cast<Engine*>(self);
  if (e.current_ && e.current_->breakpoint) return;
  switch (number) {  // QEMU's numbers
    case 1: return e.fault({6, 1u << 16, 0, false, "undefined instruction"});
    case 2: return e.fault({6, 1u << 16, 0, false, "SVC, which nothing here answers"});
    case 17: return e.fault({6, 1u << 19, 0, false, "no coprocessor"});
    case 18: return e.fault({6, 1u << 17, 0, false, "a jump to an address without the Thumb bit"});
    default: return e.fault({6, 1u << 18, 0, false, "CPU exception " + std::to_string(number)});
  }
}

/// Unicorn gave up: the program counter is at something that is no Thumb instruction.
void Engine::fault_not_executable() {
  const std::uint32_t pc = core_register(15);
  std::uint32_t status = 0;
  uc_reg_read(unicorn_, UC_ARM_REG_XPSR, &status);
  const bool thumb = (status >> 24 & 1) != 0;
  if (pc == 0)
    fault({6, 1u << 17, 0, true, "call of a null pointer"});
  else if (!thumb)
    fault({6, 1u << 17, pc, true, "a jump without the Thumb bit"});
  else
    fault({6, 1u << 16, 0, false, "undefined instruction"});
}

void Engine::fault(const Fault& f) {
  if (stopped_ || fault_.exception != 0) return;
  fault_ = f;
  uc_emu_stop(unicorn_);
}

std::string Engine::fault_report(const Fault& f) {
  const std::uint32_t pc = current_ ? current_->pc : core_register(15), sp = core_register(13),
                      lr = core_register(14);
  std::string text = f.text;
  if (f.has_address) text += " at address " + hex(f.address);
  text += "; pc " + hex(pc) + " <" + elf_.place(pc) + ">";
  if (current_) text += " " + decoder_.text(pc);
  text += "; called from " + hex(lr & ~1u) + " <" + elf_.place(lr & ~1u) + ">";
  if (sp < stack_limit_)
    text += "; stack overflow: sp " + hex(sp) + ", " + std::to_string(stack_limit_ - sp) +
            " bytes below the stack";
  return text;
}

/// Exception entry (ARMv7-M ARM B1.5.6): the handler finds the frame on the stack, unless the stack is what
/// is broken.
bool Engine::deliver_fault() {
  const Fault f = fault_;
  fault_ = {};
  const std::string report = fault_report(f);
  const std::uint32_t pc = current_ ? current_->pc : core_register(15);
  const std::uint32_t handler =
      memory_.word(peripherals_.vector_table() + 4 * static_cast<std::uint32_t>(f.exception));
  const int status = f.exception == 6 ? status_exception : status_memory_fault;
  if (peripherals_.active_exception != 0 || !memory_.find(handler & ~1u)) {
    stop(status, (peripherals_.active_exception != 0 ? "LOCKUP: " : "FAULT: ") + report);
    return false;
  }
  line_.flush();
  std::fprintf(stderr, "onnx2mcu-sim: FAULT: %s\n", report.c_str());
  std::uint32_t cause = f.status;
  const std::uint32_t frame = (core_register(13) - 32) & ~7u;
  const std::uint32_t words[8] = {core_register(0),
                                  core_register(1),
                                  core_register(2),
                                  core_register(3),
                                  core_register(12),
                                  core_register(14),
                                  pc,
                                  1u << 24};
  if (memory_.find(frame) && memory_.bytes(frame, sizeof words) && frame >= stack_limit_)
    std::memcpy(memory_.bytes(frame, sizeof words), words, sizeof words);
  else
    cause |= 1u << 12;  // STKERR
  peripherals_.set(0xE000'ED28, cause);
  if (f.has_address) peripherals_.set(f.exception == 4 ? 0xE000'ED34u : 0xE000'ED38u, f.address);
  peripherals_.active_exception = static_cast<std::uint32_t>(f.exception);
  set_core_register(13, frame);
  set_core_register(14, 0xFFFF'FFF9);
  set_core_register(15, handler | 1u);
  current_ = nullptr;
  if_then_ = 0;
  return true;
}

}  // namespace o2m::sim
