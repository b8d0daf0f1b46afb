#include "commands/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>

namespace o2m {

Progress::Progress(std::string what) : what_(std::move(what)), terminal_(::isatty(2) == 1) {}

Progress::~Progress() {
  if (terminal_ && last_ >= 0) std::cerr << "\r\x1b[K" << std::flush;
}

void Progress::operator()(std::int64_t done, std::int64_t total) {
  const int percent = total > 0 ? static_cast<int>(std::min(done, total) * 100 / total) : 100;
  const int step = terminal_ ? 1 : 10;
  if (percent / step == last_ / step && last_ >= 0) return;
  last_ = percent;
  if (!terminal_) {
    if (percent >= step) std::cerr << fmt::format("{}: {} %\n", what_, percent / step * step);
    return;
  }
  constexpr int width = 40;
  const auto filled = static_cast<std::size_t>(percent * width / 100);
  std::cerr << fmt::format("\r{} [{}{}] {} of {}", what_, std::string(filled, '#'),
                           std::string(width - filled, '.'), done, total)
            << std::flush;
}

}  // namespace o2m
