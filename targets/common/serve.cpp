#include "serve.hpp"

#include "chip.hpp"
#include "cycle_counter.hpp"
#include "service.hpp"

namespace onnx2mcu::target {
namespace {

struct UartPort {
  static void put(std::uint8_t byte) noexcept { uart::write(byte); }
  static std::uint32_t cycles() noexcept { return target::cycles(); }
  static std::uint32_t clock_hz() noexcept { return clock.core_hz; }
  static bool external_clock() noexcept { return clock.external; }
};

}  // namespace

void serve(const Application& application) noexcept {
  Service<UartPort> service(application);
  service.help();
  const std::uint32_t silence = clock.core_hz / 10;  // 100 ms: longer than any pause a USB adapter makes
  for (std::uint32_t last = cycles();;) {
    if (const int byte = uart::try_read(); byte >= 0) {
      service.feed(static_cast<std::uint8_t>(byte));
      last = cycles();
    } else if (service.pending() && cycles() - last > silence) {
      service.silence();
    }
  }
}

}  // namespace onnx2mcu::target
