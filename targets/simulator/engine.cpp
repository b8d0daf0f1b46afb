#include "engine.hpp"

#include <fnmatch.h>

#include <cstring>
#include <stdexcept>

namespace o2m::sim {
namespace {

void check(uc_err error, const char* what) {
  if (error != UC_ERR_OK)
    throw std::runtime_error(std::string("Unicorn: ") + what + ": " + uc_strerror(error));
}

constexpr int uc_register(int number) {
  return number < 13    ? UC_ARM_REG_R0 + number
         : number == 13 ? UC_ARM_REG_SP
         : number == 14 ? UC_ARM_REG_LR
                        : UC_ARM_REG_PC;
}

}  // namespace

Engine::Engine(const Target& target, const std::string& elf, const std::string& uart)
    : target_(target),
      core_(core_of(target)),
      memory_(target),
      decoder_(memory_),
      elf_(elf, memory_),
      line_(uart),
      timing_(target, memory_, statistics_),
      peripherals_(target, statistics_, timing_, line_),
      pipeline_m34_(core_, decoder_),
      pipeline_m7_(statistics_),
      functions_(statistics_) {
  check(uc_open(UC_ARCH_ARM, UC_MODE_THUMB, &unicorn_), "open");
  uc_ctl_set_cpu_model(unicorn_, core_ == Core::m3   ? UC_CPU_ARM_CORTEX_M3
                                 : core_ == Core::m4 ? UC_CPU_ARM_CORTEX_M4
                                                     : UC_CPU_ARM_CORTEX_M7);
  peripherals_.stop = [this](int status, const std::string& reason) { stop(status, reason); };
  map_memory();
  add_hooks();
}

Engine::~Engine() { uc_close(unicorn_); }

void Engine::map_memory() {
  for (Region& r : memory_.regions())
    check(uc_mem_map_ptr(unicorn_, r.bank.base, r.bank.size,
                         r.read_only() ? UC_PROT_READ | UC_PROT_EXEC : UC_PROT_ALL, r.data),
          "map a bank");
  std::vector<Window> windows = peripherals_.windows();
  windows.push_back({0xE000'0000, 0x10'0000});
  for (const Window& w : windows) {
    buses_.push_back(std::make_unique<Bus>(Bus{this, w.base}));
    check(uc_mmio_map(unicorn_, w.base, w.size, on_register_read, buses_.back().get(), on_register_write,
                      buses_.back().get()),
          "map registers");
  }
}

void Engine::add_hooks() {
  uc_hook hook = 0;
  const auto add = [&](int type, auto* callback, std::uint64_t begin, std::uint64_t end) {
    check(uc_hook_add(unicorn_, &hook, type, reinterpret_cast<void*>(callback), this, begin, end), "hook");
  };
  add(UC_HOOK_MEM_UNMAPPED | UC_HOOK_MEM_PROT, &Engine::on_bad_memory, 1, 0);
  add(UC_HOOK_INTR, &Engine::on_interrupt, 1, 0);
  add(UC_HOOK_CODE, &Engine::on_code, 1, 0);
  for (const Region& r : memory_.regions())
    add(UC_HOOK_MEM_READ | UC_HOOK_MEM_WRITE, &Engine::on_memory, r.bank.base,
        r.bank.base + std::uint64_t{r.bank.size} - 1);
}

void Engine::watch(const std::string& pattern) {
  for (const Symbol& s : elf_.functions()) {
    const bool matches = fnmatch(pattern.c_str(), s.name.c_str(), 0) == 0 ||
                         fnmatch(pattern.c_str(), readable_name(s.name).c_str(), 0) == 0;
    if (!matches || decoder_.functions.count(s.address)) continue;
    decoder_.functions[s.address] = static_cast<int>(functions_.list.size());
    functions_.list.emplace_back().symbol = s.name;
  }
}

RunResult Engine::run(std::uint64_t max_instructions) {
  max_instructions_ = max_instructions;
  const std::uint32_t vectors = peripherals_.vector_table();
  initial_sp_ = lowest_sp_ = memory_.word(vectors);
  if (initial_sp_ == 0xFFFF'FFFF) throw std::runtime_error("there is no vector table: flash is empty");
  if (!memory_.find(initial_sp_ - 4))
    throw std::runtime_error("the vector table's stack pointer is not in memory");
  paint_stack();
  set_core_register(13, initial_sp_);
  set_core_register(14, 0xFFFF'FFFF);
  std::uint32_t pc = memory_.word(vectors + 4);
  while (!stopped_) {
    const uc_err error = uc_emu_start(unicorn_, pc | 1u, 0xFFFF'FFFE, 0, 0);
    if (error == UC_ERR_INSN_INVALID) fault_not_executable();
    if (fault_.exception != 0) {
      if (!deliver_fault()) break;
      pc = core_register(15);
    } else if (!stopped_ && current_ && current_->breakpoint) {
      if (!semihosting()) break;
      pc = current_->pc + 2;
    } else if (!stopped_) {
      stop(status_exception,
           std::string("Unicorn stopped: ") + uc_strerror(error) + " at " + elf_.place(core_register(15)));
    }
  }
  line_.flush();
  result_.stack_bytes = std::max(painted_stack_bytes(), initial_sp_ - lowest_sp_);
  return result_;
}

void Engine::stop(int status, const std::string& reason) {
  if (stopped_) return;
  stopped_ = true;
  result_.status = status;
  result_.reason = reason;
  result_.pc = current_ ? current_->pc : core_register(15);
  uc_emu_stop(unicorn_);
}

std::uint32_t Engine::core_register(int number) const {
  std::uint32_t v = 0;
  uc_reg_read(unicorn_, uc_register(number), &v);
  return v;
}

void Engine::set_core_register(int number, std::uint32_t v) {
  uc_reg_write(unicorn_, uc_register(number), &v);
}

/// Settles the instruction before, then looks at the one about to run.
void Engine::on_code(uc_engine*, std::uint64_t pc, std::uint32_t, void* self) {
  static_cast<Engine*>(self)->begin(static_cast<std::uint32_t>(pc));
}

void Engine::begin(std::uint32_t pc) {
  if (current_) {
    retire(pc);
    if (current_->writes & sp_bit) {
      const std::uint32_t sp = core_register(13);
      lowest_sp_ = std::min(lowest_sp_, sp);
      functions_.stack_pointer(sp);
    }
    if (current_->pc == pc && current_->kind == Class::branch && current_->unconditional)
      return stop(0, "the firmware loops for ever");
  }
  current_ = decoder_.at(pc);
  access_count_ = 0;
  if (!current_) return fault({5, 1u << 8, pc, false, "execution outside any memory"});
  if (core_ == Core::m7 && pc < 64) return fault({4, 1u << 0, pc, false, "execution at a null pointer"});
  if (!functions_.list.empty())
    functions_.enter(pc, current_->function, core_register(14) & ~1u, core_register(13));
  passed_ = condition_passes();
  if (current_->kind == Class::if_then) if_then_ = current_->if_then;
  note_operands(*current_);
  if (current_->fp && !peripherals_.fpu_enabled())
    return fault({6, 1u << 19, 0, false, "FPU instruction, but CPACR does not enable the FPU"});
  if (current_->breakpoint) {
    uc_emu_stop(unicorn_);
    return;
  }
  if (max_instructions_ != 0 && statistics_.instructions >= max_instructions_)
    stop(status_limit, "instruction limit");
}

/// Whether the IT block that the instruction stands in, if any, lets it run (ARMv7-M ARM A7.3). Moves on in
/// the block.
bool Engine::condition_passes() {
  if (if_then_ == 0) return true;
  std::uint32_t status = 0;
  uc_reg_read(unicorn_, UC_ARM_REG_CPSR, &status);
  const bool n = status >> 31 & 1, z = status >> 30 & 1, c = status >> 29 & 1, v = status >> 28 & 1;
  const bool holds[] = {z, c, n, v, c && !z, n == v, n == v && !z, true};
  bool passes = holds[if_then_ >> 5];
  if ((if_then_ >> 4 & 1) && if_then_ >> 4 != 15) passes = !passes;
  if_then_ = (if_then_ & 7) ? static_cast<std::uint8_t>((if_then_ & 0xE0) | ((if_then_ << 1) & 0x1F)) : 0;
  return passes;
}

/// Divisions, and on the M3 long multiplications, take as long as their operands are large.
void Engine::note_operands(const Instruction& in) {
  if (in.kind == Class::divide) {
    operand_a_ = core_register(in.numerator);
    operand_b_ = core_register(in.denominator);
    if (operand_b_ == 0 && passed_ && peripherals_.traps_division())
      return fault({6, 1u << 25, 0, false, "division by zero"});
    const auto magnitude = [](std::uint32_t v) { return static_cast<std::int32_t>(v) < 0 ? 0u - v : v; };
    if ((in.raw >> 20 & 15) == 9) {  // SDIV
      operand_a_ = magnitude(operand_a_);
      operand_b_ = magnitude(operand_b_);
    }
  } else if (in.kind == Class::long_multiply && core_ == Core::m3) {
    operand_a_ = core_register(static_cast<int>(in.raw >> 16 & 15));
    operand_b_ = core_register(static_cast<int>(in.raw & 15));
  }
}

void Engine::retire(std::uint32_t next_pc) {
  Instruction& in = *current_;
  const std::uint64_t before = statistics_.cycles;
  const bool taken = next_pc != in.pc + in.length;
  ++statistics_.instructions;
  ++statistics_.by_class[static_cast<std::size_t>(in.kind)];
  statistics_.taken += taken;
  const unsigned fetch = timing_.fetch(in.pc, in.length);
  statistics_.fetch_stall += fetch;
  statistics_.cycles += fetch;
  unsigned data = 0;
  const std::span<const Access> accesses(accesses_.data(), access_count_);
  for (const Access& a : accesses) {
    ++(a.write ? statistics_.stores : statistics_.loads);
    const unsigned stall = timing_.data(a);
    data += stall;
    if (core_ != Core::m7) statistics_.cycles += stall;
  }
  statistics_.data_stall += data;
  const Execution e{in, passed_, taken, next_pc, operand_a_, operand_b_, accesses};
  if (core_ == Core::m7) {
    if (fetch > 0) pipeline_m7_.stall(fetch);
    statistics_.cycles += pipeline_m7_.cycles(e, data);
    if (taken) timing_.refetch();
  } else {
    statistics_.cycles += pipeline_m34_.cycles(e);
  }
  ++in.executions;
  in.cycles += statistics_.cycles - before;
  access_count_ = 0;
}

/// Arm's semihosting: exit, and text on stderr. False: the run is over.
bool Engine::semihosting() {
  const std::uint32_t operation = core_register(0), argument = core_register(1);
  if ((current_->raw & 0xFF) != 0xAB) {
    stop(status_exception,
         "BKPT " + std::to_string(current_->raw & 0xFF) + " at " + elf_.place(current_->pc));
    return false;
  }
  switch (operation) {
    case 0x03: std::fputc(static_cast<int>(memory_.word(argument) & 0xFF), stderr); return true;
    case 0x04:
      for (std::uint32_t a = argument; memory_.bytes(a, 1) && *memory_.bytes(a, 1) != 0; ++a)
        std::fputc(*memory_.bytes(a, 1), stderr);
      return true;
    case 0x18: stop(argument == 0x20026 ? 0 : 1, "exit"); return false;
    case 0x20: stop(static_cast<int>(memory_.word(argument + 4)), "exit"); return false;
    default:
      stop(status_exception, "semihosting operation " + std::to_string(operation) + " is not supported");
      return false;
  }
}

/// What lies under the stack pointer is filled with a pattern, to see later how much was used.
void Engine::paint_stack() {
  const Region* region = memory_.find(initial_sp_ - 4);
  stack_limit_ = region->bank.base;
  const auto limit = elf_.value("__stack_limit");
  if (limit && *limit >= region->bank.base && *limit < initial_sp_) stack_limit_ = *limit;
  std::memset(memory_.bytes(stack_limit_, initial_sp_ - stack_limit_), 0xA5, initial_sp_ - stack_limit_);
}

std::uint32_t Engine::painted_stack_bytes() {
  std::uint32_t lowest = initial_sp_, unused = 0;
  for (std::uint32_t a = initial_sp_; a > stack_limit_ && unused < 512;) {
    --a;
    if (*memory_.bytes(a, 1) == 0xA5) {
      ++unused;
    } else {
      unused = 0;
      lowest = a;
    }
  }
  return initial_sp_ - lowest;
}

}  // namespace o2m::sim
