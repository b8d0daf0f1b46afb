// The host's side of docs/protocol.md: requests with timeouts and repetitions, replies as data.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "device/port.hpp"
#include "program/program.hpp"

namespace o2m {

/// What a device says of itself.
struct DeviceInfo {
  std::uint32_t core_hz = 0;
  bool external_clock = false;
  std::string json;  ///< as it came
  std::string model, sha256, target;
  std::vector<Port> inputs, outputs;
  std::vector<std::string> layers;
  std::int64_t vectors = 0;  ///< samples built into the firmware
};

struct Inference {
  std::uint32_t cycles = 0;
  std::vector<std::uint8_t> outputs;        ///< all outputs, one after the other
  std::vector<std::uint32_t> layer_cycles;  ///< of a profile
};

struct SelfTest {
  std::uint32_t vectors = 0, identical = 0;
  std::int64_t correct = -1;  ///< -1: the firmware knows no labels
  std::uint64_t cycles = 0;   ///< of all vectors
};

class DeviceClient {
 public:
  /// `timeout`: how long an answer may take beyond the time its bytes need on the line.
  DeviceClient(const std::string& port, std::chrono::milliseconds timeout);

  DeviceInfo identify();
  /// `input`: all inputs, one after the other.
  Inference infer(std::span<const std::uint8_t> input);
  Inference profile(std::span<const std::uint8_t> input);
  SelfTest self_test(std::uint16_t vector);

 private:
  struct Frame {
    std::uint8_t type = 0, sequence = 0;
    std::uint32_t length = 0;
    std::string payload;
  };
  std::string request(std::uint8_t type, std::uint16_t argument, std::span<const std::uint8_t> payload);
  std::optional<Frame> receive(std::chrono::steady_clock::time_point deadline);
  std::optional<Frame> next_frame();

  DevicePort port_;
  std::chrono::milliseconds timeout_;
  std::uint8_t sequence_ = 0;
  std::string received_;
};

}  // namespace o2m
