// Progress of long work on stderr: a bar on a terminal, otherwise one line every ten percent.
#pragma once

#include <cstdint>
#include <string>

namespace o2m {

struct Progress {
  explicit Progress(std::string what);
  ~Progress();
  void operator()(std::int64_t done, std::int64_t total);

 private:
  std::string what_;
  bool terminal_;
  int last_ = -1;
};

}  // namespace o2m
