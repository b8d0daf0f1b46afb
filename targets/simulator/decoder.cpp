#include "decoder.hpp"

#include <bit>
#include <stdexcept>
#include <string>
#include <string_view>

namespace o2m::sim {
namespace {

Registers bits_of(unsigned r) {
  if (r >= ARM_REG_R0 && r <= ARM_REG_R12) return Registers{1} << (r - ARM_REG_R0);
  if (r == ARM_REG_SP) return sp_bit;
  if (r == ARM_REG_LR) return lr_bit;
  if (r == ARM_REG_PC) return pc_bit;
  if (r == ARM_REG_CPSR || r == ARM_REG_FPSCR || r == ARM_REG_APSR) return flags_bit;
  if (r >= ARM_REG_S0 && r <= ARM_REG_S31) return Registers{1} << (32 + r - ARM_REG_S0);
  if (r >= ARM_REG_D0 && r <= ARM_REG_D15) return Registers{3} << (32 + 2 * (r - ARM_REG_D0));
  return 0;
}

template <class... Words>
bool is_one_of(std::string_view name, Words... words) {
  return ((name == words) || ...);
}

/// The mnemonic without what follows its dot, and the operands.
struct Text {
  const cs_insn& in;
  const cs_arm& arm = in.detail->arm;
  std::string_view whole = in.mnemonic;
  std::string_view name = whole.substr(0, whole.find('.'));

  bool starts(std::string_view prefix) const { return name.starts_with(prefix); }
  Registers operand(int i) const {
    return i < arm.op_count && arm.operands[i].type == ARM_OP_REG
               ? bits_of(static_cast<unsigned>(arm.operands[i].reg))
               : 0;
  }
  int registers() const {
    int n = 0;
    for (int i = 0; i < arm.op_count; ++i) n += arm.operands[i].type == ARM_OP_REG;
    return n;
  }
  bool indexed() const {
    for (int i = 0; i < arm.op_count; ++i)
      if (arm.operands[i].type == ARM_OP_MEM && arm.operands[i].mem.index) return true;
    return false;
  }
};

std::uint8_t lowest(Registers r) {
  return static_cast<std::uint8_t>(std::countr_zero(r | Registers{1} << 63));
}

void branch(Instruction& d, const Text& t) {
  d.kind = Class::branch;
  d.indirect = is_one_of(t.name, "bx", "blx", "tbb", "tbh");
  d.unconditional = d.indirect || t.name == "bl";
  if (t.name[0] == 't') {
    d.loads_pc = true;
    d.words = 1;
  }
  if (t.in.id == ARM_INS_B) d.reads |= flags_bit;
}

void fp_memory(Instruction& d, const Text& t) {
  d.kind = Class::fp_memory;
  if (t.starts("vldr") || t.starts("vstr")) {
    d.words = t.in.op_str[0] == 'd' ? 2 : 1;
    if (d.words == 2) d.double_precision = d.alone = true;
    return;
  }
  d.alone = true;
  for (int i = 0; i < t.arm.op_count; ++i)
    d.words = static_cast<std::uint8_t>(d.words + std::popcount(t.operand(i) >> 32));
  d.address |= t.starts("vp") ? sp_bit : t.operand(0) & core_bits;
}

void fp(Instruction& d, const Text& t) {
  d.fp = true;
  d.kind = Class::fp;
  for (const char* prefix : {"vldr", "vstr", "vldm", "vstm", "vpush", "vpop"})
    if (t.starts(prefix)) return fp_memory(d, t);
  if (t.starts("vdiv") || t.starts("vsqrt")) {
    d.fp_divide = d.fp_arithmetic = true;
    return;
  }
  for (const char* prefix : {"vmla", "vmls", "vfm", "vfnm", "vnml"})
    if (t.starts(prefix)) {
      d.fp_multiply_add = d.fp_arithmetic = true;
      d.accumulator = t.operand(0);
      return;
    }
  for (const char* prefix : {"vadd", "vsub", "vmul", "vnmul", "vcvt", "vrint"})
    d.fp_arithmetic = d.fp_arithmetic || t.starts(prefix);
}

/// Loads and stores. False: it is none.
bool memory_access(Instruction& d, const Text& t) {
  const std::string_view n = t.name;
  if (is_one_of(n, "ldr", "ldrb", "ldrh", "ldrsb", "ldrsh", "ldrex", "ldrexb", "ldrexh")) {
    d.kind = Class::load;
    d.words = 1;
    d.sub_word = n != "ldr";
    d.indirect = d.loads_pc = t.operand(0) == pc_bit;
  } else if (is_one_of(n, "str", "strb", "strh", "strex", "strexb", "strexh")) {
    d.kind = Class::store;
    d.words = 1;
    d.immediate_store = !t.indexed();
    d.accumulator = t.operand(0);
  } else if (is_one_of(n, "ldrd", "ldm", "ldmdb", "pop", "strd", "stm", "stmdb", "push")) {
    const bool load = n[0] == 'l' || n == "pop";
    const bool pair = n == "ldrd" || n == "strd", multiple = t.starts("ldm") || t.starts("stm");
    d.kind = load ? Class::load_multiple : Class::store_multiple;
    d.alone = true;
    d.words = static_cast<std::uint8_t>(pair ? 2 : t.registers() - (multiple ? 1 : 0));
    d.address |= multiple ? t.operand(0) : pair ? 0 : sp_bit;
    if (load && (d.writes & pc_bit)) d.indirect = d.loads_pc = true;
  } else {
    return false;
  }
  return true;
}

/// Multiplications and divisions. False: it is none.
bool multiplication(Instruction& d, const Text& t) {
  const std::string_view n = t.name;
  if (is_one_of(n, "sdiv", "udiv")) {
    d.kind = Class::divide;
    d.alone = true;
    d.numerator = lowest(t.operand(t.arm.op_count - 2));
    d.denominator = lowest(t.operand(t.arm.op_count - 1));
  } else if (is_one_of(n, "smull", "umull")) {
    d.kind = Class::long_multiply;
  } else if (is_one_of(n, "smlal", "umlal", "umaal", "smlald", "smlaldx", "smlsld", "smlsldx", "smlalbb",
                       "smlalbt", "smlaltb", "smlaltt")) {
    d.kind = Class::long_multiply;
    d.accumulates = true;
    d.accumulator = t.operand(0) | t.operand(1);
  } else if (is_one_of(n, "smlad", "smladx", "smlsd", "smlsdx")) {
    d.kind = Class::dual_multiply;
    d.accumulator = t.operand(3);
  } else if (is_one_of(n, "smuad", "smuadx", "smusd", "smusdx")) {
    d.kind = Class::dual_multiply;
  } else if (is_one_of(n, "mla", "mls") || t.starts("smla") || t.starts("smmla") || t.starts("smmls")) {
    d.kind = Class::multiply_add;
    d.accumulator = t.operand(3);
  } else if (is_one_of(n, "mul", "muls") || t.starts("smul") || t.starts("smmul")) {
    d.kind = Class::multiply;
  } else {
    return false;
  }
  return true;
}

void other(Instruction& d, const Text& t) {
  const std::string_view n = t.name;
  if (t.starts("sxt") || t.starts("uxt") || t.starts("pkh") ||
      is_one_of(n, "sbfx", "ubfx", "bfi", "bfc", "rev", "rev16", "revsh", "rbit", "clz")) {
    d.kind = Class::extend;
    d.simd = n != "clz";
    d.first_slot = is_one_of(n, "bfi", "bfc", "clz");
    return;
  }
  for (const char* prefix : {"ssat", "usat", "q", "uq", "sadd", "ssub", "uadd", "usub", "sh", "uh"})
    if (t.starts(prefix)) {
      d.kind = Class::saturate;
      d.simd = true;
      return;
    }
  if (is_one_of(n, "sel", "usad8", "usada8", "sasx", "ssax", "uasx", "usax")) {
    d.kind = Class::saturate;
    d.simd = true;
  } else if (is_one_of(n, "msr", "mrs", "dsb", "dmb", "isb", "svc", "cpsie", "cpsid", "cps", "nop", "udf")) {
    d.kind = Class::system;
    d.alone = true;
  } else if (is_one_of(n, "lsl", "lsls", "lsr", "lsrs", "asr", "asrs", "ror", "rors")) {
    d.shifts = true;
  }
}

}  // namespace

Decoder::Decoder(Memory& memory) : memory_(memory) {
  if (cs_open(CS_ARCH_ARM, static_cast<cs_mode>(CS_MODE_THUMB | CS_MODE_MCLASS | CS_MODE_V8), &capstone_) !=
      CS_ERR_OK)
    throw std::runtime_error("Capstone cannot decode Thumb code");
  cs_option(capstone_, CS_OPT_DETAIL, CS_OPT_ON);
}

Decoder::~Decoder() { cs_close(&capstone_); }

Instruction* Decoder::at(std::uint32_t pc) {
  Region* region = memory_.find(pc);
  if (!region || pc - region->bank.base + 4 > region->bank.size) return nullptr;
  const std::uint32_t offset = pc - region->bank.base;
  const std::uint8_t* p = region->data + offset;
  const std::uint32_t half = p[0] | static_cast<std::uint32_t>(p[1]) << 8;
  const bool wide = half >> 11 >= 0x1D;  // ARMv7-M ARM A5.1
  const std::uint32_t raw = wide ? half << 16 | p[2] | static_cast<std::uint32_t>(p[3]) << 8 : half;
  std::unique_ptr<Instruction>& slot = region->decoded[offset / 2];
  if (slot && slot->raw == raw) return slot.get();
  Instruction fresh;
  if (slot) {
    fresh.executions = slot->executions;
    fresh.cycles = slot->cycles;
  }
  fresh.pc = pc;
  fresh.raw = raw;
  fresh.length = wide ? 4 : 2;
  if (const auto f = functions.find(pc); f != functions.end()) fresh.function = f->second;
  decode(fresh, p);
  if (!slot) slot = std::make_unique<Instruction>();
  *slot = fresh;
  return slot.get();
}

void Decoder::decode(Instruction& d, const std::uint8_t* bytes) {
  const std::uint32_t half = d.raw;
  if (d.length == 2 && (half & 0xFF00) == 0xBF00) {  // IT and hints (A5.2.5)
    d.kind = half & 15 ? Class::if_then : Class::system;
    if (half & 15) {
      d.if_then = static_cast<std::uint8_t>(half);
      d.reads = flags_bit;
    }
    return;
  }
  if (d.length == 2 && (half & 0xFF00) == 0xBE00) {
    d.kind = Class::system;
    d.breakpoint = true;
    return;
  }
  if (d.length == 2 && (half & 0xF800) == 0xE000) {
    d.kind = Class::branch;
    d.unconditional = true;
    return;
  }
  cs_insn* in = nullptr;
  if (cs_disasm(capstone_, bytes, d.length, d.pc, 1, &in) != 1) {
    d.fp = d.raw >> 24 == 0xFE;  // FPv5's VSEL, VMAXNM, VRINT and VCVT, which Capstone does not know
    d.kind = d.fp ? Class::fp : Class::system;
    return;
  }
  classify(d, *in);
  cs_free(in, 1);
}

void Decoder::classify(Instruction& d, const cs_insn& in) {
  const Text t{in};
  cs_regs reads, writes;
  std::uint8_t read_count = 0, write_count = 0;
  if (cs_regs_access(capstone_, &in, reads, &read_count, writes, &write_count) == CS_ERR_OK) {
    for (int i = 0; i < read_count; ++i) d.reads |= bits_of(reads[i]);
    for (int i = 0; i < write_count; ++i) d.writes |= bits_of(writes[i]);
  }
  if (t.arm.update_flags) d.writes |= flags_bit;
  for (int i = 0; i < t.arm.op_count; ++i) {
    const cs_arm_op& o = t.arm.operands[i];
    if (o.type == ARM_OP_REG && o.shift.type != ARM_SFT_INVALID && o.shift.value) d.shifts = true;
    if (o.type == ARM_OP_MEM)
      d.address |= bits_of(static_cast<unsigned>(o.mem.base)) | bits_of(static_cast<unsigned>(o.mem.index));
  }
  d.address &= ~pc_bit;
  d.double_precision = t.whole.find("f64") != std::string_view::npos;
  if (in.id == ARM_INS_B || is_one_of(t.name, "cbz", "cbnz", "bl", "bx", "blx", "tbb", "tbh"))
    branch(d, t);
  else if (t.name[0] == 'v')
    fp(d, t);
  else if (!memory_access(d, t) && !multiplication(d, t))
    other(d, t);
  if (d.kind == Class::alu && (d.writes & pc_bit)) d.indirect = true;
  if (d.address == 0 && (d.kind == Class::load_multiple || d.kind == Class::store_multiple))
    d.address = sp_bit;
}

std::string Decoder::text(std::uint32_t pc) {
  const Instruction* d = at(pc);
  const std::uint8_t* bytes = memory_.bytes(pc, d ? d->length : 0);
  cs_insn* in = nullptr;
  if (!d || !bytes || cs_disasm(capstone_, bytes, d->length, pc, 1, &in) != 1) return "?";
  std::string text = std::string(in->mnemonic) + ' ' + in->op_str;
  cs_free(in, 1);
  return text;
}

}  // namespace o2m::sim
