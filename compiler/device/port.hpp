// A byte stream to a device: a serial port at 115200 8N1 (also a simulator's pseudo terminal), or a TCP
// connection.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>

namespace o2m {

class DevicePort {
 public:
  /// "/dev/ttyACM0", or "tcp:127.0.0.1:5555". Throws Refusal when it cannot be opened.
  explicit DevicePort(const std::string& name);
  ~DevicePort();
  DevicePort(const DevicePort&) = delete;
  DevicePort& operator=(const DevicePort&) = delete;

  /// Throws Refusal when the other end has gone.
  void write(std::span<const std::uint8_t> bytes);
  /// Adds what has arrived to `to`, waiting until `deadline` for a first byte. False: nothing came.
  bool read(std::string& to, std::chrono::steady_clock::time_point deadline);
  const std::string& name() const { return name_; }

 private:
  std::string name_;
  int fd_ = -1;
};

}  // namespace o2m
