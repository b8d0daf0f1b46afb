#include "uart.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

namespace o2m::sim {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(what + ": " + std::strerror(errno));
}

void make_nonblocking(int fd) { ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK); }

}  // namespace

UartLine::UartLine(const std::string& where) {
  std::signal(SIGPIPE, SIG_IGN);
  if (where == "stdio") {
    in_ = STDIN_FILENO;
    out_ = STDOUT_FILENO;
    interactive_ = ::isatty(in_) != 0;
  } else if (where == "pty") {
    open_pty();
  } else if (where.rfind("tcp:", 0) == 0) {
    open_tcp(std::atoi(where.c_str() + 4));
  } else if (where.rfind("file:", 0) == 0) {
    in_ = ::open(where.c_str() + 5, O_RDONLY);
    out_ = STDOUT_FILENO;
    if (in_ < 0) fail(where.substr(5));
  } else {
    throw std::runtime_error("--uart " + where + ": expected stdio, pty, tcp:PORT or file:PATH");
  }
}

UartLine::~UartLine() {
  flush();
  for (const int fd : {in_, listener_, slave_})
    if (fd > STDERR_FILENO) ::close(fd);
}

/// The slave stays open here as well, so that a client may come and go.
void UartLine::open_pty() {
  in_ = out_ = ::posix_openpt(O_RDWR | O_NOCTTY);
  if (in_ < 0 || ::grantpt(in_) != 0 || ::unlockpt(in_) != 0) fail("pty");
  const char* name = ::ptsname(in_);
  slave_ = name ? ::open(name, O_RDWR | O_NOCTTY) : -1;
  termios settings{};
  if (slave_ < 0 || ::tcgetattr(slave_, &settings) != 0) fail("pty");
  ::cfmakeraw(&settings);
  ::tcsetattr(slave_, TCSANOW, &settings);
  make_nonblocking(in_);
  interactive_ = true;
  std::fprintf(stderr, "onnx2mcu-sim: UART at %s\n", name);
}

void UartLine::open_tcp(int port) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int yes = 1;
  ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  socklen_t size = sizeof address;
  if (listener_ < 0 || ::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::listen(listener_, 1) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    fail("tcp:" + std::to_string(port));
  interactive_ = true;
  std::fprintf(stderr, "onnx2mcu-sim: UART at tcp:127.0.0.1:%d\n", ntohs(address.sin_port));
}

/// One peer at a time; the next may come when it has gone.
void UartLine::accept_peer() {
  if (in_ >= 0 || listener_ < 0) return;
  in_ = out_ = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK);
  const int yes = 1;
  if (in_ >= 0) ::setsockopt(in_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

void UartLine::fill() {
  flush();
  accept_peer();
  if (in_ < 0 || ended_) return;
  std::uint8_t buffer[4096];
  const ssize_t n = ::read(in_, buffer, sizeof buffer);
  if (n > 0) received_.insert(received_.end(), buffer, buffer + n);
  if (n != 0 && (n > 0 || errno == EAGAIN || errno == EINTR || errno == EIO)) return;
  if (listener_ < 0) {
    ended_ = true;
  } else {
    ::close(in_);
    in_ = out_ = -1;
  }
}

bool UartLine::readable() {
  if (received_.empty() && (!interactive_ || ++polls_ % 64 == 0)) fill();
  return !received_.empty();
}

std::uint8_t UartLine::read() {
  if (!readable()) return 0;
  const std::uint8_t byte = received_.front();
  received_.pop_front();
  return byte;
}

void UartLine::write(std::uint8_t byte) {
  pending_ += static_cast<char>(byte);
  if (pending_.size() >= 4096) flush();
}

void UartLine::flush() {
  std::size_t sent = 0;
  while (out_ >= 0 && sent < pending_.size()) {
    const ssize_t n = ::write(out_, pending_.data() + sent, pending_.size() - sent);
    if (n > 0) {
      sent += static_cast<std::size_t>(n);
    } else if (n < 0 && errno == EAGAIN) {
      pollfd p{out_, POLLOUT, 0};
      if (::poll(&p, 1, 1000) <= 0) break;  // nobody reads: what is written is lost, as on a wire
    } else if (n == 0 || errno != EINTR) {
      break;
    }
  }
  pending_.clear();
}

void UartLine::wait(int milliseconds) {
  flush();
  pollfd p{in_ >= 0 ? in_ : listener_, POLLIN, 0};
  ::poll(&p, 1, milliseconds);
  fill();
}

}  // namespace o2m::sim
