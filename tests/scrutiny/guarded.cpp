// guarded IN OUT: every sample of IN (raw bytes of the first input) through the guarded network; outputs to
// OUT. Exit status 1: something was written outside its buffer.
#include <cstdio>

#include "guards.hpp"
#include "live.hpp"
#include "network.hpp"

int main(int, char** argv) {
  static guards::Guarded<network::Model> g;
  std::FILE* in = std::fopen(argv[1], "rb");
  std::FILE* out = std::fopen(argv[2], "wb");
  std::uint32_t faults = 0;
  const auto x = g.model.input();
  const auto y = g.model.output();
  while (std::fread(x.data(), sizeof x[0], x.size(), in) == x.size()) {
    guards::begin(g);
    g.model.run();
    faults += guards::finish(g);
    std::fwrite(y.data(), sizeof y[0], y.size(), out);
  }
  std::fclose(in);
  std::fclose(out);
  if (faults) std::printf("%u bytes written outside live buffers\n", static_cast<unsigned>(faults));
  return faults != 0;
}
