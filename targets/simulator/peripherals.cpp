#include "peripherals.hpp"

#include <algorithm>
#include <iterator>
#include <span>

namespace o2m::sim {
namespace {

/// "When bit `on` of `address` is set, bit `ready` follows": oscillators, PLLs, over-drive.
struct ReadyBit {
  std::uint32_t address;
  unsigned on, ready;
};
/// Bits that read as one whatever was written.
struct SetBits {
  std::uint32_t address, bits;
};
/// A field that mirrors another of the same register: the clock switch and its status.
struct Mirror {
  std::uint32_t address, mask;
  unsigned from, to;
};
struct ChipRegisters {
  std::span<const Window> windows;
  std::span<const std::uint32_t> uarts;
  std::span<const ReadyBit> ready;
  std::span<const SetBits> set;
  Mirror clock_switch;
};

// RM0008: RCC_CR, RCC_CFGR, RCC_BDCR, RCC_CSR.
constexpr Window f103_windows[] = {{0x4000'0000, 0x3'0000}};
constexpr std::uint32_t f103_uarts[] = {0x4001'3800, 0x4000'4400, 0x4000'4800};
constexpr ReadyBit f103_ready[] = {{0x4002'1000, 0, 1},
                                   {0x4002'1000, 16, 17},
                                   {0x4002'1000, 24, 25},
                                   {0x4002'1020, 0, 1},
                                   {0x4002'1024, 0, 1}};
constexpr SetBits f103_set[] = {{0x4002'1000, 1}};

// RM0390: RCC_CR, RCC_CFGR, RCC_BDCR, RCC_CSR, PWR_CSR (its over-drive bits follow PWR_CR: read_chip).
constexpr Window f446_windows[] = {{0x4000'0000, 0x8'0000}, {0x5000'0000, 0x8'0000}};
constexpr std::uint32_t f446_uarts[] = {0x4001'1000, 0x4000'4400, 0x4000'4800,
                                        0x4000'4C00, 0x4000'5000, 0x4001'1400};
constexpr ReadyBit f446_ready[] = {{0x4002'3800, 0, 1},   {0x4002'3800, 16, 17}, {0x4002'3800, 24, 25},
                                   {0x4002'3800, 26, 27}, {0x4002'3800, 28, 29}, {0x4002'3870, 0, 1},
                                   {0x4002'3874, 0, 1}};
constexpr SetBits f446_set[] = {{0x4002'3800, 1}, {0x4000'7004, 1u << 14}};

// RM0433: RCC_CR, RCC_CFGR, PWR_CSR1, PWR_CR3, PWR_D3CR, QUADSPI_SR.
constexpr Window h750_windows[] = {{0x4000'0000, 0x3'0000}, {0x4802'0000, 0x1'0000}, {0x5000'0000, 0x10'0000},
                                   {0x5100'0000, 0x1'0000}, {0x5200'0000, 0x1'0000}, {0x5800'0000, 0x3'0000}};
constexpr std::uint32_t h750_uarts[] = {0x4001'1000, 0x4000'4400, 0x4000'4800, 0x4000'4C00,
                                        0x4000'5000, 0x4001'1400, 0x4000'7800, 0x4000'7C00};
constexpr ReadyBit h750_ready[] = {{0x5802'4400, 0, 2},   {0x5802'4400, 7, 8},   {0x5802'4400, 12, 13},
                                   {0x5802'4400, 16, 17}, {0x5802'4400, 24, 25}, {0x5802'4400, 26, 27},
                                   {0x5802'4400, 28, 29}, {0x5802'4470, 0, 1},   {0x5802'4474, 0, 1}};
constexpr SetBits h750_set[] = {{0x5802'4400, 0xC001},
                                {0x5802'4804, 1u << 13},
                                {0x5802'4818, 1u << 13},
                                {0x5802'480C, 1u << 16 | 1u << 26},
                                {0x5200'5008, 6}};

constexpr ChipRegisters f103{f103_windows, f103_uarts, f103_ready, f103_set, {0x4002'1004, 3, 0, 2}};
constexpr ChipRegisters f446{f446_windows, f446_uarts, f446_ready, f446_set, {0x4002'3808, 3, 0, 2}};
constexpr ChipRegisters h750{h750_windows, h750_uarts, h750_ready, h750_set, {0x5802'4410, 7, 0, 3}};

const ChipRegisters& registers_of(Core core) {
  return core == Core::m3 ? f103 : core == Core::m4 ? f446 : h750;
}

constexpr unsigned hse_on = 16, pll_on = 24;  ///< HSEON and PLLON (PLL1ON) in RCC_CR of all three
constexpr unsigned polls_until_end = 2000;    ///< empty polls behind the end of the input
constexpr unsigned polls_until_wait = 200;    ///< empty polls before the simulator waits for somebody to send

}  // namespace

Peripherals::Peripherals(const Target& target, const Statistics& statistics, MemoryTiming& timing,
                         UartLine& line)
    : target_(target), core_(core_of(target)), statistics_(statistics), timing_(timing), line_(line) {
  values_[0xE000'ED08] = 0x0800'0000;
}

std::vector<Window> Peripherals::windows() const {
  const auto& w = registers_of(core_).windows;
  return {w.begin(), w.end()};
}

std::uint32_t Peripherals::value(std::uint32_t address) const {
  const auto it = values_.find(address);
  return it == values_.end() ? 0 : it->second;
}

bool Peripherals::is_uart(std::uint32_t address, std::uint32_t& base) const {
  base = address & ~0x3FFu;
  const auto& uarts = registers_of(core_).uarts;
  return std::find(uarts.begin(), uarts.end(), base) != uarts.end();
}

std::uint32_t Peripherals::read(std::uint32_t address) {
  if (address >> 29 == 7) return read_core(address);
  std::uint32_t uart = 0;
  if (is_uart(address, uart)) return read_uart(uart, address - uart);
  return read_chip(address);
}

/// While nobody sends to an interactive line, simulated time passes as fast as real time.
bool Peripherals::receive_ready() {
  if (line_.readable()) {
    empty_polls_ = 0;
    return true;
  }
  ++empty_polls_;
  if (line_.ended() && empty_polls_ > polls_until_end) stop(0, "end of input");
  if (line_.interactive() && empty_polls_ > polls_until_wait) {
    line_.wait(1);
    idle_ += target_.chip.core_hz / 1000;
  }
  return false;
}

/// Status and data registers: SR, DR (RM0008 27.6, RM0390 25.6); ISR, RDR, TDR (RM0433 48.7).
std::uint32_t Peripherals::read_uart(std::uint32_t base, std::uint32_t offset) {
  const bool ours = base == target_.chip.uart_base;
  const bool m7 = core_ == Core::m7;
  if (offset == (m7 ? 0x1Cu : 0u)) return (m7 ? 0x60'00C0u : 0xC0u) | (ours && receive_ready() ? 0x20u : 0u);
  if (offset == (m7 ? 0x24u : 4u)) return ours ? line_.read() : 0;
  return value(base + offset);
}

std::uint32_t Peripherals::read_chip(std::uint32_t address) const {
  const ChipRegisters& chip = registers_of(core_);
  std::uint32_t v = value(address);
  for (const SetBits& s : chip.set)
    if (s.address == address) v |= s.bits;
  const auto works = [&](const ReadyBit& r) {
    return (r.on != hse_on || has_crystal) && (r.on != pll_on || has_pll);
  };
  for (const ReadyBit& r : chip.ready)
    if (r.address == address && works(r)) v = (v & ~(1u << r.ready)) | (v >> r.on & 1) << r.ready;
  const Mirror& m = chip.clock_switch;
  if (m.address == address) v = (v & ~(m.mask << m.to)) | (v >> m.from & m.mask) << m.to;
  if (core_ == Core::m4 && address == 0x4000'7004) v |= value(0x4000'7000) & 3u << 16;  // ODRDY, ODSWRDY
  return v;
}

void Peripherals::write(std::uint32_t address, std::uint32_t v) {
  if (address >> 29 == 7) return write_core(address, v);
  std::uint32_t uart = 0;
  if (is_uart(address, uart) && address - uart == (core_ == Core::m7 ? 0x28u : 4u)) {
    empty_polls_ = 0;
    if (uart == target_.chip.uart_base) line_.write(static_cast<std::uint8_t>(v));
    return;
  }
  values_[address] = v;
}

/// ARMv7-M ARM B3 (system control), C1 (debug).
std::uint32_t Peripherals::read_core(std::uint32_t address) {
  const bool m7 = core_ == Core::m7;
  const std::uint32_t systick_reload = value(0xE000'E014) & 0xFF'FFFF;
  const std::uint64_t systick = now() - systick_base_;
  switch (address) {
    case 0xE000'0000: return 1;                                             // ITM: ready
    case 0xE000'1000: return 0x4000'0000 | (value(address) & 0x0FFF'FFFF);  // DWT_CTRL
    case 0xE000'1004: return static_cast<std::uint32_t>(now() - counter_base_);
    case 0xE000'E010: {
      const std::uint64_t wraps = systick_reload ? systick / (systick_reload + 1) : 0;
      const bool wrapped = wraps != systick_wraps_;
      systick_wraps_ = wraps;
      return value(address) | (wrapped ? 1u << 16 : 0u);
    }
    case 0xE000'E018:
      return systick_reload && (value(0xE000'E010) & 1)
                 ? static_cast<std::uint32_t>(systick_reload - systick % (systick_reload + 1))
                 : 0;
    case 0xE000'ED00: return core_ == Core::m3 ? 0x411F'C231 : core_ == Core::m4 ? 0x410F'C241 : 0x411F'C271;
    case 0xE000'ED04: return active_exception;
    case 0xE000'ED78: return m7 ? 0x0900'0003 : 0;  // CLIDR
    case 0xE000'ED80:
      return m7 ? ((value(0xE000'ED84) & 1) ? 0xF01F'E009 : 0xF00F'E019) : 0;  // CCSIDR: 16 KiB each
    case 0xE000'ED90: return m7 ? 0x1000 : 0x800;                              // MPU_TYPE
    case 0xE000'EDF0: return value(address) | 1u;                              // DHCSR: a debugger is here
    default: return value(address);
  }
}

void Peripherals::write_core(std::uint32_t address, std::uint32_t v) {
  switch (address) {
    case 0xE000'1004: counter_base_ = now() - v; return;
    case 0xE000'E018: systick_base_ = now(); return;
    case 0xE000'E010:
      if ((v & 1) && !(value(address) & 1)) systick_base_ = now();
      break;
    case 0xE000'ED0C:
      if (v >> 16 == 0x05FA && (v & 4)) return stop(0, "the firmware reset the chip");
      break;
    case 0xE000'ED14: timing_.set_caches(v); break;
    case 0xE000'ED28: v = value(address) & ~v; break;  // CFSR: ones clear
    case 0xE000'ED88:
      if (core_ == Core::m3) return;  // no FPU
      break;
    default: break;
  }
  values_[address] = v;
}

}  // namespace o2m::sim
