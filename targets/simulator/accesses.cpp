// What the firmware reads and writes: noted for the cycle model; registers are passed on to the peripherals.
#include <sstream>

#include "engine.hpp"

namespace o2m::sim {
namespace {

constexpr std::uint64_t polls_forever = 500'000;  ///< reads of one register with one value, in a row

}  // namespace

void Engine::note(std::uint32_t address, unsigned size, bool write) {
  if (access_count_ < accesses_.size())
    accesses_[access_count_++] = {address, static_cast<std::uint8_t>(size), write};
}

void Engine::on_memory(uc_engine*, uc_mem_type type, std::uint64_t address, int size, std::int64_t,
                       void* self) {
  Engine& e = *static_cast<Engine*>(self);
  e.note(static_cast<std::uint32_t>(address), static_cast<unsigned>(size), type == UC_MEM_WRITE);
  if (e.core_ == Core::m7 && address < 64)
    e.fault({4, 1u << 1 | 1u << 7, static_cast<std::uint32_t>(address), true,
             type == UC_MEM_WRITE ? "write through a null pointer" : "read through a null pointer"});
}

std::uint64_t Engine::on_register_read(uc_engine*, std::uint64_t offset, unsigned size, void* window) {
  const Bus& bus = *static_cast<const Bus*>(window);
  return bus.engine->read_register(bus.base + static_cast<std::uint32_t>(offset), size);
}

void Engine::on_register_write(uc_engine*, std::uint64_t offset, unsigned size, std::uint64_t value,
                               void* window) {
  const Bus& bus = *static_cast<const Bus*>(window);
  bus.engine->write_register(bus.base + static_cast<std::uint32_t>(offset), size,
                             static_cast<std::uint32_t>(value));
}

std::uint32_t Engine::read_register(std::uint32_t address, unsigned size) {
  const std::uint32_t v = peripherals_.read(address & ~3u) >> 8 * (address & 3);
  note(address, size, false);
  const bool again =
      address == polled_address_ && v == polled_value_ && address >> 29 != 7 && !line_.interactive();
  polls_ = again ? polls_ + 1 : 0;
  polled_address_ = address;
  polled_value_ = v;
  if (polls_ == polls_forever) {
    std::ostringstream text;
    text << std::hex << "the firmware polls register 0x" << address << " (0x" << v
         << ") for ever: it is not simulated, or this is the wrong target";
    stop(status_polls_forever, text.str());
  }
  return size == 1 ? v & 0xFF : size == 2 ? v & 0xFFFF : v;
}

void Engine::write_register(std::uint32_t address, unsigned size, std::uint32_t v) {
  note(address, size, true);
  const unsigned shift = 8 * (address & 3);
  const std::uint32_t mask = size == 4 ? ~0u : (size == 1 ? 0xFFu : 0xFFFFu) << shift;
  peripherals_.write(address & ~3u,
                     size == 4 ? v : (peripherals_.value(address & ~3u) & ~mask) | (v << shift & mask));
}

}  // namespace o2m::sim
