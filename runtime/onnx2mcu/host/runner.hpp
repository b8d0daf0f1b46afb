// Host side of `onnx2mcu run` and `validate`: feeds samples from a file to a generated Model and writes its
// outputs. Not part of firmware. Samples are raw element bytes: all inputs of one sample, then of the next;
// outputs likewise, behind whatever ONNX2MCU_TRACE writes.
#ifndef ONNX2MCU_HOST_RUNNER_HPP
#define ONNX2MCU_HOST_RUNNER_HPP

#include <cstdio>
#include <utility>

namespace onnx2mcu::host {

template <class View>
bool read(View view, std::FILE* in) {
  using T = typename View::value_type;
  return std::fread(view.data(), sizeof(T), view.size(), in) == view.size();
}

template <class View>
bool write(View view, std::FILE* out) {
  using T = typename View::value_type;
  return std::fwrite(view.data(), sizeof(T), view.size(), out) == view.size();
}

/// Runs `samples` inferences, one after the other from the state after reset() on. Returns 0, or 1 when a
/// read or write fell short.
template <class Model, int... I, int... O>
int run(Model& model, long samples, std::FILE* in, std::FILE* out, std::integer_sequence<int, I...>,
        std::integer_sequence<int, O...>) {
  model.reset();
  for (long n = 0; n < samples; ++n) {
    if (!(read(model.template input<I>(), in) && ...)) return 1;
    model.run();
    if (!(write(model.template output<O>(), out) && ...)) return 1;
  }
  return std::fflush(out) == 0 ? 0 : 1;
}

}  // namespace onnx2mcu::host

#endif
