// The program that bench/host.py times: host INPUTS OUTPUTS. Reads one sample's raw input bytes after the
// other, writes the output bytes, prints microseconds an inference: of many batches the fastest one's mean.
#include <chrono>
#include <cstdio>
#include <utility>
#include <vector>

#include "network.hpp"

namespace {

network::Model model;

template <class View>
bool read(View view, std::FILE* file) {
  return std::fread(view.data(), sizeof(typename View::value_type), view.size(), file) == view.size();
}

template <class View>
void write(View view, std::FILE* file) {
  std::fwrite(view.data(), sizeof(typename View::value_type), view.size(), file);
}

template <class View>
std::vector<unsigned char> bytes_of(View view) {
  const auto* first = reinterpret_cast<const unsigned char*>(view.data());
  return {first, first + view.size() * sizeof(typename View::value_type)};
}

template <int... I, int... O>
double run(std::FILE* in, std::FILE* out, std::integer_sequence<int, I...>,
           std::integer_sequence<int, O...>) {
  using clock = std::chrono::steady_clock;
  std::vector<std::vector<unsigned char>> sample;
  while ((read(model.input<I>(), in) && ...)) {
    sample = {bytes_of(model.input<I>())...};
    model.run();
    (write(model.output<O>(), out), ...);
  }
  const auto infer =
      [&sample] {  // the inputs are used up by run(): each inference copies them in, as ONNX Runtime's does
        (__builtin_memcpy(model.input<I>().data(), sample[I].data(), sample[I].size()), ...);
        model.run();
      };
  double fastest = 1e9;
  for (int batch = 0; batch < 200; ++batch) {
    const auto begin = clock::now();
    int count = 0;
    do infer();
    while (++count < 10 || clock::now() - begin < std::chrono::microseconds(200));
    const double mean = std::chrono::duration<double, std::micro>(clock::now() - begin).count() / count;
    if (mean < fastest) fastest = mean;
  }
  return fastest;
}

}  // namespace

int main(int, char** argv) {
  std::FILE* const in = std::fopen(argv[1], "rb");
  std::FILE* const out = std::fopen(argv[2], "wb");
  if (in == nullptr || out == nullptr) return 1;
  std::printf("%.2f\n", run(in, out, std::make_integer_sequence<int, BENCH_INPUTS>{},
                            std::make_integer_sequence<int, BENCH_OUTPUTS>{}));
  return std::fclose(out);
}
