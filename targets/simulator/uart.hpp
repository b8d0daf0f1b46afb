// The other end of the chip's UART: standard input and output, files, a pseudo terminal, or a TCP port on
// loopback.
#pragma once

#include <cstdint>
#include <cstdio>
#include <deque>
#include <string>

namespace o2m::sim {

class UartLine {
 public:
  /// "stdio", "pty", "tcp:PORT" (0: any free one), or "file:PATH" (input from a file, output to stdout).
  /// Throws std::runtime_error. Says on stderr where pty and tcp are to be found.
  explicit UartLine(const std::string& where);
  ~UartLine();
  UartLine(const UartLine&) = delete;
  UartLine& operator=(const UartLine&) = delete;

  /// True: read() has a byte.
  bool readable();
  std::uint8_t read();
  void write(std::uint8_t byte);
  /// No byte will ever come again.
  bool ended() const { return ended_ && received_.empty(); }
  /// True: a person or program may send at any time, so that time has to pass while the firmware waits.
  bool interactive() const { return interactive_; }
  /// Waits for input, at most so long.
  void wait(int milliseconds);
  void flush();

 private:
  void open_pty();
  void open_tcp(int port);
  void accept_peer();
  void fill();

  int in_ = -1, out_ = -1, listener_ = -1, slave_ = -1;
  bool interactive_ = false, ended_ = false;
  unsigned polls_ = 0;
  std::deque<std::uint8_t> received_;
  std::string pending_;  ///< written, not yet sent
};

}  // namespace o2m::sim
