// Winograd's algorithm in integers (with the DSP instructions emulated) against the plain sum: random layers,
// extreme inputs and weights, odd sizes, pads.
#include "kernels/winograd.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include "onnx2mcu/cpu/cortex_m4.hpp"
#include "onnx2mcu/winograd_conv2d.hpp"

namespace {

std::mt19937 random_bits(1);

/// One value in eight is an end of the range.
template <class T>
std::vector<T> random_vector(int n, int lo, int hi) {
  std::vector<T> out(static_cast<std::size_t>(n));
  for (T& v : out) {
    const auto r = random_bits();
    v = static_cast<T>(r % 8 == 0 ? (r & 8 ? lo : hi)
                                  : lo + static_cast<int>((r >> 8) % static_cast<unsigned>(hi - lo + 1)));
  }
  return out;
}

template <int in_channels, int out_channels, int height, int width, int top, int left, int out_height,
          int out_width, class Input, class Weight = std::int32_t, int together = 1>
struct Layer {
  using X = Input;
  using Cpu = onnx2mcu::cpu::CortexM4;
  static constexpr int in_c = in_channels, out_c = out_channels, in_h = height, in_w = width,
                       out_h = out_height, out_w = out_width, pad_top = top, pad_left = left, unroll = 8,
                       strips = together;
  static constexpr int x_zero_point = static_cast<X>(-1) < 0 ? -7 : 131;
  static inline Weight weights[32768];
  static inline std::int32_t bias[64];
};

/// Outputs are four times the accumulators.
template <class L>
struct Accumulators {
  template <class X>
  void channel(const std::int32_t* products, const X*, std::int32_t* y, int oy, int ox, int c) const {
    onnx2mcu::winograd_channel<L>(products, y, oy, ox, c, [](std::int32_t sum) { return sum; });
  }
};

/// extreme: all inputs and weights at the ends of their ranges.
template <class L>
void check(bool extreme) {
  using X = typename L::X;
  CAPTURE(L::in_c);
  CAPTURE(L::out_w);
  constexpr int taps = 9 * L::in_c, x_lo = std::numeric_limits<X>::min(),
                x_hi = std::numeric_limits<X>::max();
  constexpr bool bytes = sizeof(L::weights[0]) == 1;
  constexpr int w_lo = bytes ? -128 : -255, w_hi = bytes ? 127 : 255;
  o2m::QuantizedWeights w{o2m::DType::int16, random_vector<std::int32_t>(L::out_c * taps, w_lo, w_hi),
                          L::out_c, taps};
  auto x = random_vector<X>(L::in_h * L::in_w * L::in_c, x_lo, x_hi);
  if (extreme) {
    for (auto& v : w.values) v = v < 0 ? w_lo : w_hi;
    for (auto& v : x) v = static_cast<X>(v < L::x_zero_point ? x_lo : x_hi);
  }
  const auto acc = o2m::accumulators_of(w, random_vector<std::int32_t>(L::out_c, -5000, 5000),
                                        x_lo < 0 ? o2m::DType::int8 : o2m::DType::uint8, L::x_zero_point);
  o2m::QuantizedConv conv{L::in_c, L::out_c, 1, L::in_c, {L::in_h, L::in_w}, {}, w, L::x_zero_point};
  const auto words = [&] {
    if constexpr (bytes)
      return o2m::winograd_bytes(conv);
    else
      return o2m::winograd_weights(conv);
  }();
  REQUIRE(words.size() <= 32768);
  std::copy(words.begin(), words.end(), L::weights);
  for (int c = 0; c < L::out_c; ++c) L::bias[c] = 4 * acc.bias[static_cast<std::size_t>(c)];
  std::vector<std::uint32_t> scratch(onnx2mcu::Winograd<L>::words);
  std::vector<std::int32_t> y(static_cast<std::size_t>(L::out_h * L::out_w * L::out_c),
                              std::numeric_limits<std::int32_t>::min());
  y.push_back(77);
  onnx2mcu::winograd_conv2d_with<L>(x.data(), y.data(), scratch.data(), Accumulators<L>{});
  std::size_t n = 0;
  int wrong = y.back() != 77;
  for (int oy = 0; oy < L::out_h; ++oy)
    for (int ox = 0; ox < L::out_w; ++ox)
      for (int oc = 0; oc < L::out_c; ++oc, ++n) {
        std::int32_t sum = acc.bias[static_cast<std::size_t>(oc)];
        for (int t = 0; t < taps; ++t) {
          const int iy = oy - L::pad_top + t / (3 * L::in_c), ix = ox - L::pad_left + t / L::in_c % 3;
          const bool inside = iy >= 0 && ix >= 0 && iy < L::in_h && ix < L::in_w;
          sum +=
              w.at(oc, t) * (inside ? x[static_cast<std::size_t>((iy * L::in_w + ix) * L::in_c + t % L::in_c)]
                                    : L::x_zero_point);
        }
        wrong += 4 * sum != y[n];
      }
  CHECK(wrong == 0);
}

TEST_CASE(
    "Winograd's convolution: pads, odd heights and widths, strips that do not divide the row, weights of 8 "
    "bits") {
  for (const bool extreme : {false, true}) {
    check<Layer<16, 8, 6, 7, 1, 1, 6, 7, std::int8_t>>(extreme);
    check<Layer<4, 2, 8, 8, 1, 1, 8, 8, std::uint8_t>>(extreme);
    check<Layer<8, 16, 9, 11, 0, 0, 7, 9, std::uint8_t>>(extreme);
    check<Layer<12, 6, 5, 19, 1, 0, 5, 18, std::int8_t>>(extreme);
    check<Layer<64, 4, 4, 4, 2, 2, 6, 6, std::uint8_t>>(extreme);
    check<Layer<4, 4, 3, 3, 0, 0, 1, 1, std::int8_t>>(extreme);
    check<Layer<8, 6, 9, 11, 1, 1, 9, 11, std::uint8_t, std::int8_t, 4>>(extreme);
    check<Layer<32, 4, 7, 8, 1, 1, 7, 8, std::int8_t, std::int8_t, 3>>(extreme);
    check<Layer<16, 2, 4, 20, 0, 1, 2, 20, std::uint8_t, std::int8_t, 3>>(extreme);
  }
}

}  // namespace
