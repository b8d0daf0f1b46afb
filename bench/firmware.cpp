// The firmware that bench/run.py measures: the sample's raw input bytes in over the UART, the output bytes
// out.
#include <utility>

#include "chip.hpp"
#include "network.hpp"

namespace {

#if !defined(BENCH_ARENA)
#define BENCH_ARENA ".noinit"
#endif
[[gnu::section(BENCH_ARENA)]] network::Model model;

std::uint8_t read_byte() {
  for (;;)
    if (const int byte = onnx2mcu::target::uart::try_read(); byte >= 0)
      return static_cast<std::uint8_t>(byte);
}

template <class View>
void read(View view) {
  auto* to = reinterpret_cast<unsigned char*>(view.data());
  for (std::size_t i = 0; i < view.size() * sizeof(typename View::value_type); ++i) to[i] = read_byte();
}

template <class View>
void write(View view) {
  const auto* from = reinterpret_cast<const unsigned char*>(view.data());
  for (std::size_t i = 0; i < view.size() * sizeof(typename View::value_type); ++i)
    onnx2mcu::target::uart::write(from[i]);
}

template <int... I, int... O>
[[noreturn]] void serve(std::integer_sequence<int, I...>, std::integer_sequence<int, O...>);

}  // namespace

extern "C" [[gnu::noinline]] void bench_inference() { model.run(); }

namespace {

template <int... I, int... O>
void serve(std::integer_sequence<int, I...>, std::integer_sequence<int, O...>) {
  for (;;) {
    (read(model.input<I>()), ...);
    bench_inference();
    (write(model.output<O>()), ...);
  }
}

}  // namespace

int main() {
  serve(std::make_integer_sequence<int, BENCH_INPUTS>{}, std::make_integer_sequence<int, BENCH_OUTPUTS>{});
}
