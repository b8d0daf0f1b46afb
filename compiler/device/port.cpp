#include "device/port.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "diagnostics.hpp"

namespace o2m {
namespace {

/// Raw bytes, 115200 8N1, no flow control, and exclusively ours.
int open_serial(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) refuse("cannot open {}: {}", path, std::strerror(errno));
  termios settings{};
  if (::tcgetattr(fd, &settings) != 0) {
    ::close(fd);
    refuse("{} is no serial port", path);
  }
  ::cfmakeraw(&settings);
  ::cfsetspeed(&settings, B115200);
  settings.c_cflag |= CLOCAL | CREAD;
  settings.c_cflag &= ~static_cast<tcflag_t>(CSTOPB | CRTSCTS);
  ::tcsetattr(fd, TCSANOW, &settings);
  ::tcflush(fd, TCIOFLUSH);
  return fd;
}

/// "127.0.0.1:5555"
int open_tcp(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string::npos) refuse("tcp:{}: expected tcp:HOST:PORT", address);
  addrinfo hints{}, *found = nullptr;
  hints.ai_socktype = SOCK_STREAM;
  if (::getaddrinfo(address.substr(0, colon).c_str(), address.substr(colon + 1).c_str(), &hints, &found) != 0)
    refuse("tcp:{}: there is no such address", address);
  int fd = -1;
  for (const addrinfo* a = found; a && fd < 0; a = a->ai_next) {
    fd = ::socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
    if (fd >= 0 && ::connect(fd, a->ai_addr, a->ai_addrlen) != 0) {
      ::close(fd);
      fd = -1;
    }
  }
  ::freeaddrinfo(found);
  if (fd < 0) refuse("tcp:{}: nobody listens there", address);
  ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
  return fd;
}

}  // namespace

DevicePort::DevicePort(const std::string& name) : name_(name) {
  std::signal(SIGPIPE, SIG_IGN);
  fd_ = name.rfind("tcp:", 0) == 0 ? open_tcp(name.substr(4)) : open_serial(name);
}

DevicePort::~DevicePort() { ::close(fd_); }

void DevicePort::write(std::span<const std::uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd_, bytes.data(), bytes.size());
    if (n > 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(n));
    } else if (n < 0 && errno == EAGAIN) {
      pollfd p{fd_, POLLOUT, 0};
      if (::poll(&p, 1, 10'000) == 0) refuse("{}: the device takes no bytes", name_);
    } else if (n == 0 || errno != EINTR) {
      refuse("{}: the connection is lost: {}", name_, std::strerror(errno));
    }
  }
}

bool DevicePort::read(std::string& to, std::chrono::steady_clock::time_point deadline) {
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now())
            .count();
    pollfd p{fd_, POLLIN, 0};
    const int ready = ::poll(&p, 1, left > 0 ? static_cast<int>(left) : 0);
    if (ready == 0) return false;
    if (ready < 0) continue;
    char buffer[4096];
    const ssize_t n = ::read(fd_, buffer, sizeof buffer);
    if (n > 0) {
      to.append(buffer, static_cast<std::size_t>(n));
      return true;
    }
    if (n == 0 || (errno != EAGAIN && errno != EINTR)) refuse("{}: the connection is lost", name_);
  }
}

}  // namespace o2m
