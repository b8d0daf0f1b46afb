// The kernels on packed weights (with the DSP instructions emulated) against plain loops: accumulators of
// random layers, extreme inputs and weights included. The weights are packed by the compiler's own
// pack_weights.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>
#include <vector>

#include "kernels/depthwise.hpp"
#include "kernels/packed.hpp"
#include "onnx2mcu/cpu/cortex_m4.hpp"
#include "onnx2mcu/packed_conv2d.hpp"
#include "onnx2mcu/packed_depthwise.hpp"
#include "onnx2mcu/packed_fully_connected.hpp"
#include "onnx2mcu/packed_max_pool.hpp"

namespace {

std::mt19937 random_bits(1);

/// One value in eight is an end of the range.
int random_value(int lo, int hi) {
  const auto r = random_bits();
  return r % 8 == 0 ? (r & 8 ? lo : hi)
                    : lo + static_cast<int>((r >> 8) % static_cast<unsigned>(hi - lo + 1));
}

template <class T>
std::vector<T> random_vector(std::size_t n, int lo, int hi) {
  std::vector<T> out(n);
  for (T& v : out) v = static_cast<T>(random_value(lo, hi));
  return out;
}

/// Weights of magnitude 127 share halfwords, larger ones do not.
o2m::QuantizedWeights random_weights(int channels, int taps, bool packed) {
  const int most = packed ? 127 : 255;
  return {o2m::DType::int16,
          random_vector<std::int32_t>(static_cast<std::size_t>(channels * taps), -most, most), channels,
          taps};
}

template <int kernel, int in_channels, int out_channels, int height, int width, int stride, int pad,
          int dilation, int pixels, bool pairs, class Input>
struct Conv {
  using X = Input;
  using Cpu = onnx2mcu::cpu::CortexM4;
  static constexpr int k_h = kernel, k_w = kernel, in_c = in_channels, out_c = out_channels, in_h = height,
                       in_w = width, stride_h = stride, stride_w = stride, pad_top = pad, pad_left = pad,
                       dil_h = dilation, dil_w = dilation, tile = pixels;
  static constexpr int reach = (kernel - 1) * dilation + 1;
  static constexpr int out_h = (height + 2 * pad - reach) / stride + 1,
                       out_w = (width + 2 * pad - reach) / stride + 1;
  static constexpr int x_zero_point = static_cast<X>(-1) < 0 ? -7 : 131;
  static constexpr bool packed = pairs, copied = pixels % 4 == 0;
  static constexpr int rows_at_once =
      pairs && pixels == out_w && out_h > 1 && dilation == 1 && out_channels % 4 == 0 ? 2 : 1;
  static inline std::int32_t weights[70000], bias[256];
};

template <class L>
int cell(const typename L::X* x, int iy, int ix, int c) {
  return iy < 0 || ix < 0 || iy >= L::in_h || ix >= L::in_w ? L::x_zero_point
                                                            : x[(iy * L::in_w + ix) * L::in_c + c];
}

template <class L>
void check_conv() {
  CAPTURE(L::in_c);
  CAPTURE(L::out_c);
  CAPTURE(L::tile);
  constexpr int taps = L::k_h * L::k_w * L::in_c;
  const o2m::QuantizedWeights w = random_weights(L::out_c, taps, L::packed);
  const o2m::Accumulators acc = o2m::accumulators_of(
      w, random_vector<std::int32_t>(L::out_c, -5000, 5000),
      static_cast<typename L::X>(-1) < 0 ? o2m::DType::int8 : o2m::DType::uint8, L::x_zero_point);
  o2m::PackingOrder order{{}, 1, 4};
  std::vector<std::int64_t> run;
  for (int kx = 0; kx < L::k_w; ++kx) {
    for (int ky = 0; ky < L::k_h; ++ky)
      for (int i = 0; i < L::in_c; ++i) {
        constexpr int swapped[] = {0, 2, 1, 3};  // within four channels
        run.push_back((ky * L::k_w + kx) * L::in_c + (i / 4 < L::in_c / 4 ? i / 4 * 4 + swapped[i % 4] : i));
      }
    if (L::dil_w == 1 && kx + 1 < L::k_w) continue;
    if (run.size() % 2) run.push_back(-1);
    for (std::size_t i = 0; i < run.size(); i += 2) order.steps.push_back({run[i], run[i + 1]});
    run.clear();
  }
  const o2m::PackedWeights packed = o2m::pack_weights(w, acc, order);
  REQUIRE(packed.packed == L::packed);
  REQUIRE(packed.words.size() <= 70000);
  std::copy(packed.words.begin(), packed.words.end(), L::weights);
  std::copy(packed.bias.begin(), packed.bias.end(), L::bias);
  const auto x =
      random_vector<typename L::X>(L::in_h * L::in_w * L::in_c, std::numeric_limits<typename L::X>::min(),
                                   std::numeric_limits<typename L::X>::max());
  std::vector<std::int16_t> patch(L::rows_at_once * onnx2mcu::Patch<L>::row + 2 +
                                  8 * onnx2mcu::Patch<L>::pair_words);
  std::vector<std::int32_t> y(L::out_h * L::out_w * L::out_c);
  onnx2mcu::packed_conv2d_with<L>(x.data(), y.data(), patch.data(),
                                  [](std::int32_t a, int, int) { return a; });
  std::size_t n = 0;
  int wrong = 0;
  for (int oy = 0; oy < L::out_h; ++oy)
    for (int ox = 0; ox < L::out_w; ++ox)
      for (int oc = 0; oc < L::out_c; ++oc, ++n) {
        std::int32_t sum = acc.bias[static_cast<std::size_t>(oc)];
        for (int t = 0; t < taps; ++t) {
          const int ky = t / (L::k_w * L::in_c), kx = t / L::in_c % L::k_w, i = t % L::in_c;
          sum += w.at(oc, t) * cell<L>(x.data(), oy * L::stride_h - L::pad_top + ky * L::dil_h,
                                       ox * L::stride_w - L::pad_left + kx * L::dil_w, i);
        }
        wrong += sum != y[n];
      }
  CHECK(wrong == 0);
  for (int oc = 0; oc < L::out_c; ++oc)
    for (int t = 0; t < taps; ++t)
      wrong += onnx2mcu::packed_conv_weight<L>(oc, t / (L::k_w * L::in_c), t / L::in_c % L::k_w,
                                               t % L::in_c) != w.at(oc, t);
  CHECK(wrong == 0);
}

/// Every third channel is requantized in float.
template <int in_channels, int per_channel, int kernel, int height, int width, int stride, int pad,
          int dilation, int rows_together, class Input>
struct Depthwise : Conv<kernel, in_channels, in_channels * per_channel, height, width, stride, pad, dilation,
                        2, false, Input> {
  using Y = Input;
  static constexpr int band = rows_together, lanes = 1, y_zero_point = static_cast<Y>(-1) < 0 ? -9 : 100,
                       y_min = static_cast<Y>(-1) < 0 ? -128 : 0, y_max = y_min + 255, shift = 14;
  static constexpr onnx2mcu::Requantize form = onnx2mcu::Requantize::mixed;
  static inline std::int32_t start[256], multiplier[256];
  static inline float scale[256];
};

/// scale_bits 0: the sums, in bands and row by row; 8: the outputs.
template <class L>
void check_depthwise() {
  CAPTURE(L::in_c);
  CAPTURE(L::k_w);
  constexpr int taps = L::k_h * L::k_w, outputs = L::out_c / L::in_c;
  o2m::QuantizedWeights w = random_weights(L::out_c, taps, true);
  const auto x =
      random_vector<typename L::X>(L::in_h * L::in_w * L::in_c, std::numeric_limits<typename L::X>::min(),
                                   std::numeric_limits<typename L::X>::max());
  std::vector<std::int64_t> sums;
  for (int i = 0; i < L::out_h * L::out_w * L::out_c; ++i) {
    const int c = i % L::out_c, ox = i / L::out_c % L::out_w, oy = i / L::out_c / L::out_w;
    sums.push_back(0);
    for (int t = 0; t < taps; ++t)
      sums.back() +=
          w.at(c, t) * cell<L>(x.data(), oy * L::stride_h - L::pad_top + t / L::k_w * L::dil_h,
                               ox * L::stride_w - L::pad_left + t % L::k_w * L::dil_w, c / outputs);
  }
  const auto load = [&](int bits) {
    const auto words = o2m::depthwise_words(w, L::k_w, bits);
    REQUIRE(words.size() == static_cast<std::size_t>(L::out_c * onnx2mcu::RowWeights<L>::channel));
    std::copy(words.begin(), words.end(), L::weights);
    for (int c = 0; c < L::out_c; ++c) {
      L::start[c] = random_value(-(1 << 20), 1 << 20);
      L::multiplier[c] = c % 3 == 0 ? 0 : random_value(1 << 28, INT32_MAX);
      L::scale[c] = static_cast<float>(random_value(1, 1000)) / 1e7F;
    }
  };
  std::vector<std::int16_t> plane(onnx2mcu::Plane<L>::rows * onnx2mcu::Plane<L>::pitch);
  std::vector<std::int32_t> acc(sums.size());
  load(0);
  int wrong = 0;
  onnx2mcu::for_each_band<L>(x.data(), plane.data(), [&](int c, int rows, int oy) {
    onnx2mcu::depthwise_rows<L, 7>(plane.data(), acc.data() + oy * (L::out_w * L::out_c) + c, rows, c,
                                   [](std::int32_t sum) { return sum; });
    for (int t = 0; t < taps; ++t)
      wrong += onnx2mcu::packed_depthwise_weight<L>(c, t / L::k_w, t % L::k_w) != w.at(c, t);
  });
  for (std::size_t i = 0; i < sums.size(); ++i) wrong += acc[i] != sums[i] + L::start[i % L::out_c];
  CHECK(wrong == 0);
  load(8);
  std::vector<typename L::Y> y(sums.size());
  onnx2mcu::packed_depthwise_conv2d<L>(x.data(), y.data(), plane.data());
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const std::size_t c = i % L::out_c;
    const std::int64_t sum = 256 * sums[i] + L::start[c], upper = (sum * L::multiplier[c]) >> (32 + L::shift);
    const o2m::RequantizeRule rule{L::scale[c], L::y_zero_point, L::y_min, L::y_max};
    wrong += y[i] !=
             (c % 3 == 0 ? o2m::reference(rule, sum) : std::clamp<std::int64_t>(upper, L::y_min, L::y_max));
  }
  CHECK(wrong == 0);
  if constexpr (L::band == 1) {
    std::vector<typename L::Y> rows(y.size());
    onnx2mcu::for_each_output_row<L, L::in_w * L::in_c, L::out_w * L::out_c>(
        x.data(), rows.data(), [&](const auto& under, auto* to, int oy) {
          onnx2mcu::packed_depthwise_conv2d_stage<L>(under, to, oy, plane.data());
        });
    CHECK(rows == y);
  }
}

template <int inputs, int outputs, bool pairs, class Input>
struct Product {
  using X = Input;
  using Cpu = onnx2mcu::cpu::CortexM4;
  static constexpr int rows = 2, in = inputs, out = outputs;
  static constexpr bool packed = pairs;
  static constexpr int unroll = 8;
  static inline std::int32_t weights[70000], bias[256];
};

template <class L>
void check_product() {
  CAPTURE(L::in);
  CAPTURE(L::out);
  const o2m::QuantizedWeights w = random_weights(L::out, L::in, L::packed);
  const o2m::Accumulators acc =
      o2m::accumulators_of(w, random_vector<std::int32_t>(L::out, -5000, 5000),
                           static_cast<typename L::X>(-1) < 0 ? o2m::DType::int8 : o2m::DType::uint8, 0);
  o2m::PackingOrder order{{}, 2, 8};
  const auto tap = [](int i) { return std::int64_t{i < L::in ? i : -1}; };
  for (int i = 0; i < L::in; i += 4)
    order.steps.insert(order.steps.end(), {{tap(i), tap(i + 2)}, {tap(i + 1), tap(i + 3)}});
  const o2m::PackedWeights packed = o2m::pack_weights(w, acc, order);
  REQUIRE(packed.packed == L::packed);
  std::copy(packed.words.begin(), packed.words.end(), L::weights);
  std::copy(packed.bias.begin(), packed.bias.end(), L::bias);
  const auto x = random_vector<typename L::X>(2 * L::in, std::numeric_limits<typename L::X>::min(),
                                              std::numeric_limits<typename L::X>::max());
  std::vector<std::int32_t> y(2 * L::out);
  onnx2mcu::packed_fully_connected_with<L>(x.data(), y.data(), [](std::int32_t a, int, int) { return a; });
  int wrong = 0;
  for (int r = 0; r < 2; ++r)
    for (int o = 0; o < L::out; ++o) {
      std::int32_t sum = acc.bias[static_cast<std::size_t>(o)];
      for (int i = 0; i < L::in; ++i) {
        sum += w.at(o, i) * x[static_cast<std::size_t>(r * L::in + i)];
        wrong += onnx2mcu::packed_product_weight<L>(o, i) != w.at(o, i);
      }
      wrong += sum != y[static_cast<std::size_t>(r * L::out + o)];
    }
  CHECK(wrong == 0);
}

using S = std::int8_t;
using U = std::uint8_t;

TEST_CASE("packed convolution: strides, pads, dilations, odd channels, tiles that do not divide the row") {
  check_conv<Conv<3, 16, 32, 6, 7, 1, 1, 1, 4, true, S>>();
  check_conv<Conv<3, 1, 8, 9, 9, 1, 1, 1, 9, true, U>>();
  check_conv<Conv<3, 3, 7, 8, 8, 2, 1, 1, 2, true, U>>();
  check_conv<Conv<5, 6, 16, 12, 12, 1, 0, 1, 8, true, U>>();
  check_conv<Conv<5, 6, 5, 9, 8, 1, 0, 1, 4, true, S>>();
  check_conv<Conv<3, 5, 6, 9, 10, 1, 2, 2, 6, true, U>>();
  check_conv<Conv<3, 5, 6, 9, 10, 2, 2, 2, 2, false, S>>();
  check_conv<Conv<1, 64, 66, 1, 25, 1, 0, 1, 8, true, S>>();
  check_conv<Conv<1, 8, 3, 5, 5, 2, 0, 1, 3, false, U>>();
  check_conv<Conv<7, 2, 4, 5, 5, 3, 3, 1, 2, false, S>>();
}

TEST_CASE(
    "packed depthwise convolution: kernels, strides, pads, dilations, multipliers, bands, rows on their "
    "own") {
  check_depthwise<Depthwise<8, 1, 3, 7, 9, 1, 1, 1, 7, S>>();
  check_depthwise<Depthwise<5, 1, 3, 7, 14, 1, 1, 1, 3, U>>();
  check_depthwise<Depthwise<4, 1, 3, 6, 5, 2, 1, 1, 2, U>>();
  check_depthwise<Depthwise<3, 2, 3, 9, 12, 2, 1, 1, 5, S>>();
  check_depthwise<Depthwise<4, 1, 2, 5, 6, 1, 0, 1, 1, U>>();
  check_depthwise<Depthwise<7, 1, 5, 8, 7, 2, 2, 1, 4, S>>();
  check_depthwise<Depthwise<2, 3, 4, 9, 13, 1, 2, 1, 4, U>>();
  check_depthwise<Depthwise<4, 1, 3, 3, 2, 1, 1, 1, 1, S>>();
  check_depthwise<Depthwise<3, 1, 1, 4, 5, 1, 0, 1, 4, S>>();
  check_depthwise<Depthwise<3, 1, 3, 9, 10, 1, 2, 2, 9, S>>();
  check_depthwise<Depthwise<3, 1, 3, 9, 10, 3, 2, 2, 1, U>>();
}

TEST_CASE("packed product: every number of outputs modulo 8 and of inputs modulo 4") {
  check_product<Product<64, 10, true, S>>();
  check_product<Product<33, 16, true, U>>();
  check_product<Product<34, 7, true, S>>();
  check_product<Product<35, 13, true, U>>();
  check_product<Product<7, 3, true, S>>();
  check_product<Product<128, 12, false, U>>();
  check_product<Product<30, 5, false, S>>();
}

TEST_CASE("rows that can pass 2^23, or weights that do not fit, are not paired") {
  o2m::QuantizedWeights w{o2m::DType::int8, std::vector<std::int32_t>(2 * 600, 127), 2, 600};
  const auto packs = [&] {
    return o2m::pack_weights(w, o2m::accumulators_of(w, {}, o2m::DType::uint8, 0), {{{0, 1}}, 1, 4}).packed;
  };
  CHECK_FALSE(packs());  // 600 * 127 * 255 > 2^23
  w = {o2m::DType::int8, {-128, 3, 5, -1}, 2, 2};
  CHECK_FALSE((w.values[2] = -1, packs()));  // 256 * -128 - 1
  CHECK((w.values[2] = 0, packs()));
}

TEST_CASE("the larger of four bytes") {
  for (int a = 0; a < 256; ++a)
    for (int b = 0; b < 256; ++b) {
      const auto s = static_cast<std::uint32_t>(
                     static_cast<U>(std::max(static_cast<S>(a), static_cast<S>(b)))),
                 u = static_cast<std::uint32_t>(std::max(a, b));
      const auto x = static_cast<std::uint32_t>(a) * 0x01010101U,
                 y = static_cast<std::uint32_t>(b) * 0x01010101U;
      REQUIRE(onnx2mcu::cpu::CortexM4::max_s8(x, y) == s * 0x01010101U);
      REQUIRE(onnx2mcu::cpu::CortexM4::max_u8(x, y) == u * 0x01010101U);
    }
}

}  // namespace
