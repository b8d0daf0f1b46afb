#include "kernels/depthwise.hpp"

#include <algorithm>

namespace o2m {

std::vector<std::int32_t> depthwise_words(const QuantizedWeights& w, std::int64_t k_w, int scale_bits) {
  std::vector<std::int32_t> words;
  const auto word = [&](std::int64_t c, std::int64_t row, std::int64_t first) {
    const auto half = [&](std::int64_t i) {
      return i < k_w ? static_cast<std::uint32_t>(w.at(c, row * k_w + i) * (1 << scale_bits)) & 0xFFFFU : 0U;
    };
    words.push_back(static_cast<std::int32_t>(half(first) | half(first + 1) << 16));
  };
  for (std::int64_t c = 0; c < w.channels; ++c)
    for (std::int64_t row = 0; row < w.taps / k_w; ++row) {
      for (std::int64_t i = 0; i + 1 < std::max<std::int64_t>(k_w, 2); i += 2) word(c, row, i);
      for (std::int64_t i = 1; i + 1 < k_w; i += 2) word(c, row, i);
    }
  return words;
}

std::int64_t plane_elements(const Call& call, std::int64_t band) {
  const auto of = [&](const char* name) { return int_param(call, name); };
  const std::int64_t rows = (band - 1) * of("stride_h") + (of("k_h") - 1) * (band == 1 ? 1 : of("dil_h")) + 1;
  const std::int64_t width = (of("out_w") - 1) * of("stride_w") + (of("k_w") - 1) * of("dil_w") + 1;
  return rows * ((width + 3) / 4 * 4) * of("lanes");
}

std::int64_t choose_band(const Call& call, std::int64_t bytes) {
  const std::int64_t height = int_param(call, "out_h");
  std::int64_t most = 1;
  while (most < height && bytes * plane_elements(call, most + 1) <= 2048) ++most;
  const std::int64_t bands = (height + most - 1) / most;
  return (height + bands - 1) / bands;
}

}  // namespace o2m
