// What comes over the serial line, in frames, text or noise, to the firmware's service. 0xFE is a pause on
// the line, which the bytes behind it may break. Whatever came before, an identify request after a pause is
// answered.
#include <cstdint>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "service.hpp"

namespace {

std::vector<std::uint8_t> sent;

struct Port {
  static void put(std::uint8_t byte) { sent.push_back(byte); }
  static std::uint32_t cycles() { return static_cast<std::uint32_t>(sent.size()); }
  static std::uint32_t clock_hz() { return 1'000'000; }
  static bool external_clock() { return true; }
};

// Exactly as long as the network needs, each in a block of its own: the address sanitizer watches their ends.
struct Buffers {
  std::vector<std::uint8_t> first = std::vector<std::uint8_t>(6), second = std::vector<std::uint8_t>(2),
                            result = std::vector<std::uint8_t>(2);
} buffers;
volatile std::uint32_t ends[2];

void run() {
  buffers.result[0] = static_cast<std::uint8_t>(buffers.first[0] + buffers.second[1]);
  ends[0] = Port::cycles();
  ends[1] = Port::cycles();
}

void reset() {}

void feed(onnx2mcu::target::Service<Port>& service, const std::uint8_t* data, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) {
    if (data[i] == 0xFE && service.pending()) service.silence();
    service.feed(data[i]);
    if (sent.size() > 1'000'000) sent.clear();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace onnx2mcu::target;
  const Bytes inputs[] = {{buffers.first.data(), 6}, {buffers.second.data(), 2}},
              outputs[] = {{buffers.result.data(), 2}};
  const std::uint8_t samples[16] = {}, expected[4] = {}, labels[2] = {};
  const Application application{
      "fuzzed", "{}",
      2,        inputs,
      2,        outputs,
      1,        run,
      reset,    [](std::uint32_t i) { return static_cast<float>(buffers.result[i]); },
      2,        ends,
      2,        {samples, expected, labels, 2}};
  sent.clear();
  Service<Port> service(application);
  feed(service, data, size);
  if (service.pending()) service.silence();
  sent.clear();
  // identify: header with its CRC, then the CRC of no payload
  const std::uint8_t identify[] = {0xA5, 'O', '2', 'M', 1, 7, 0, 0, 0, 0, 0, 0};
  std::uint32_t crc = ~0u;
  for (const std::uint8_t b : identify) crc = onnx2mcu::protocol::crc32_step(crc, b);
  feed(service, identify, sizeof identify);
  for (int i = 0; i < 32; i += 8) service.feed(static_cast<std::uint8_t>(~crc >> i));
  for (int i = 0; i < 4; ++i) service.feed(0);
  const std::uint8_t answer[] = {0xA5, 'O', '2', 'M', 0x81, 7};
  const std::string_view all(reinterpret_cast<const char*>(sent.data()), sent.size());
  if (all.find({reinterpret_cast<const char*>(answer), sizeof answer}) == std::string_view::npos)
    throw std::logic_error("no answer after a pause");
  return 0;
}
