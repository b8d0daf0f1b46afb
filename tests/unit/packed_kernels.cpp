// The kernels on packed weights (with the DSP instructions emulated) against plain loops: accumulators of random layers,
// extreme inputs and weights included. The weights are packed by the compiler's own pack_weights.
#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <random>
#include <vector>

#include "kernels/packed.hpp"
#include "onnx2mcu/cpu/cortex_m4.hpp"
#include "onnx2mcu/packed_depthwise.hpp"
#include "onnx2mcu/packed_fully_connected.hpp"
#include "onnx2mcu/packed_max_pool.hpp"

namespace {

std::mt19937 random_bits(1);

/// One value in eight is an end of the range.
int random_value(int lo, int hi) {
  const auto r = random_bits();
  return r % 8 == 0 ? (r & 8 ? lo : hi) : lo + static_cast<int>((r >> 8) % static_cast<unsigned>(hi - lo + 1));
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
  return {o2m::DType::int16, random_vector<std::int32_t>(static_cast<std::size_t>(channels * taps), -most, most), channels, taps};
}

template <int kernel, int in_channels, int out_channels, int height, int width, int stride, int pad, int dilation, int pixels, bool pairs, class Input>
struct Conv {
  using X = Input;
  using Cpu = onnx2mcu::cpu::CortexM4;
  static constexpr int k_h = kernel, k_w = kernel, in_c = in_channels, out_c = out_channels, in_h = height, in_w = width, stride_h = stride,
                       stride_w = stride, pad_top = pad, pad_left = pad, dil_h = dilation, dil_w = dilation, tile = pixels;
  static constexpr int reach = (kernel - 1) * dilation + 1;
  static constexpr int out_h = (height + 2 * pad - reach) / stride + 1, out_w = (width + 2 * pad - reach) / stride + 1;
  static constexpr int x_zero_point = static_cast<X>(-1) < 0 ? -7 : 131;
  static constexpr bool packed = pairs, copied = pixels % 4 == 0;
  static inline std::int32_t weights[70000], bias[256];
};

template <class L>
int cell(const typename L::X* x, int iy, int ix, int c) {
  return iy < 0 || ix < 0 || iy >= L::in_h || ix >= L::in_w ? L::x_zero_point : x[(iy * L::in_w + ix) * L::in_c + c];
}

template <class L>
void check_conv() {
  CAPTURE(L::in_c);
  CAPTURE(L::out_c);
  CAPTURE(L::tile);
  constexpr int taps = L::k_h * L::k_w * L::in_c;
  const o2m::QuantizedWeights w = random_weights(L::out_c, taps, L::packed);
  const o2m::Accumulators acc = o2m::accumulators_of(w, random_vector<std::int32_t>(L::out_c, -5000, 5000),
                                                     static_cast<typename L::X>(-1) < 0 ? o2m::DType::int8 : o2m::DType::uint8, L::x_zero_point);
  o2m::PackingOrder order{{}, 1, 4};
  std::vector<std::int64_t> run;
  for (int kx = 0; kx < L::k_w; ++kx) {
    for (int ky = 0; ky < L::k_h; ++ky)
      for (int i = 0; i < L::in_c; ++i) run.push_back((ky * L::k_w + kx) * L::in_c + i);
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
  const auto x = random_vector<typename L::X>(L::in_h * L::in_w * L::in_c, std::numeric_limits<typename L::X>::min(), std::numeric_limits<typename L::X>::max());
  std::vector<std::int16_t> patch((onnx2mcu::Patch<L>::columns * onnx2mcu::Patch<L>::column + 3) / 2 * 2 + 8 * onnx2mcu::Patch<L>::pair_words);
  std::vector<std::int32_t> y(L::out_h * L::out_w * L::out_c);
  onnx2mcu::packed_conv2d_with<L>(x.data(), y.data(), patch.data(), [](std::int32_t a, int, int) { return a; });
  std::size_t n = 0;
  int wrong = 0;
  for (int oy = 0; oy < L::out_h; ++oy)
    for (int ox = 0; ox < L::out_w; ++ox)
      for (int oc = 0; oc < L::out_c; ++oc, ++n) {
        std::int32_t sum = acc.bias[static_cast<std::size_t>(oc)];
        for (int t = 0; t < taps; ++t) {
          const int ky = t / (L::k_w * L::in_c), kx = t / L::in_c % L::k_w, i = t % L::in_c;
          sum += w.at(oc, t) * cell<L>(x.data(), oy * L::stride_h - L::pad_top + ky * L::dil_h, ox * L::stride_w - L::pad_left + kx * L::dil_w, i);
        }
        wrong += sum != y[n];
      }
  CHECK(wrong == 0);
  for (int oc = 0; oc < L::out_c; ++oc)
    for (int t = 0; t < taps; ++t)
      wrong += onnx2mcu::packed_conv_weight<L>(oc, t / (L::k_w * L::in_c), t / L::in_c % L::k_w, t % L::in_c) != w.at(oc, t);
  CHECK(wrong == 0);
}

template <int in_channels, int kernel, int height, int width, int stride, int pad, class Input>
struct Depthwise : Conv<kernel, in_channels, in_channels, height, width, stride, pad, 1, 2, false, Input> {};

template <class L>
void check_depthwise() {
  constexpr int taps = L::k_h * L::k_w;
  const auto w = random_vector<std::int32_t>(L::in_c * taps, -255, 255);
  const auto bias = random_vector<std::int32_t>(L::in_c, -5000, 5000);
  std::copy(bias.begin(), bias.end(), L::bias);
  const auto half = [&](int c, int ky, int kx) { return static_cast<std::uint32_t>(w[static_cast<std::size_t>(c * taps + ky * L::k_w + kx)]) & 0xFFFFU; };
  int word = 0;
  for (int c = 0; c < L::in_c; ++c)
    for (int kx = 0; kx < L::k_w; ++kx) {
      for (int ky = 0; ky + 1 < L::k_h; ky += 2) L::weights[word++] = static_cast<std::int32_t>(half(c, ky, kx) | half(c, ky + 1, kx) << 16);
      if (L::k_h % 2) L::weights[word++] = static_cast<std::int32_t>(half(c, L::k_h - 1, kx) << (c % 4 < 2 ? 0 : 16));
    }
  const auto x = random_vector<typename L::X>(L::in_h * L::in_w * L::in_c, std::numeric_limits<typename L::X>::min(), std::numeric_limits<typename L::X>::max());
  std::vector<std::uint32_t> columns(onnx2mcu::Columns<L>::count * onnx2mcu::Columns<L>::words);
  std::vector<std::int32_t> y(L::out_h * L::out_w * L::in_c);
  onnx2mcu::packed_depthwise_conv2d_with<L>(x.data(), y.data(), columns.data(), [](std::int32_t a, int, int) { return a; });
  std::size_t n = 0;
  int wrong = 0;
  for (int oy = 0; oy < L::out_h; ++oy)
    for (int ox = 0; ox < L::out_w; ++ox)
      for (int c = 0; c < L::in_c; ++c, ++n) {
        std::int32_t sum = bias[static_cast<std::size_t>(c)];
        for (int ky = 0; ky < L::k_h; ++ky)
          for (int kx = 0; kx < L::k_w; ++kx) {
            const int weight = w[static_cast<std::size_t>(c * taps + ky * L::k_w + kx)];
            sum += weight * cell<L>(x.data(), oy * L::stride_h - L::pad_top + ky, ox * L::stride_w - L::pad_left + kx, c);
            wrong += onnx2mcu::packed_depthwise_weight<L>(c, ky, kx) != weight;
          }
        wrong += sum != y[n];
      }
  CHECK(wrong == 0);
}

template <int inputs, int outputs, bool pairs, class Input>
struct Product {
  using X = Input;
  using Cpu = onnx2mcu::cpu::CortexM4;
  static constexpr int rows = 2, in = inputs, out = outputs;
  static constexpr bool packed = pairs;
  static inline std::int32_t weights[70000], bias[256];
};

template <class L>
void check_product() {
  CAPTURE(L::in);
  CAPTURE(L::out);
  const o2m::QuantizedWeights w = random_weights(L::out, L::in, L::packed);
  const o2m::Accumulators acc = o2m::accumulators_of(w, random_vector<std::int32_t>(L::out, -5000, 5000),
                                                     static_cast<typename L::X>(-1) < 0 ? o2m::DType::int8 : o2m::DType::uint8, 0);
  o2m::PackingOrder order{{}, 2, 8};
  const auto tap = [](int i) { return std::int64_t{i < L::in ? i : -1}; };
  for (int i = 0; i < L::in; i += 4) order.steps.insert(order.steps.end(), {{tap(i), tap(i + 2)}, {tap(i + 1), tap(i + 3)}});
  const o2m::PackedWeights packed = o2m::pack_weights(w, acc, order);
  REQUIRE(packed.packed == L::packed);
  std::copy(packed.words.begin(), packed.words.end(), L::weights);
  std::copy(packed.bias.begin(), packed.bias.end(), L::bias);
  const auto x = random_vector<typename L::X>(2 * L::in, std::numeric_limits<typename L::X>::min(), std::numeric_limits<typename L::X>::max());
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
  check_conv<Conv<5, 6, 5, 9, 8, 1, 0, 1, 4, true, S>>();
  check_conv<Conv<3, 5, 6, 9, 10, 1, 2, 2, 6, true, U>>();
  check_conv<Conv<3, 5, 6, 9, 10, 2, 2, 2, 2, false, S>>();
  check_conv<Conv<1, 64, 66, 1, 25, 1, 0, 1, 8, true, S>>();
  check_conv<Conv<1, 8, 3, 5, 5, 2, 0, 1, 3, false, U>>();
  check_conv<Conv<7, 2, 4, 5, 5, 3, 3, 1, 2, false, S>>();
}

TEST_CASE("packed depthwise convolution: odd and even kernels, strides, pads") {
  check_depthwise<Depthwise<8, 3, 7, 9, 1, 1, S>>();
  check_depthwise<Depthwise<4, 3, 6, 5, 2, 1, U>>();
  check_depthwise<Depthwise<4, 2, 5, 6, 1, 0, U>>();
  check_depthwise<Depthwise<12, 5, 8, 7, 2, 2, S>>();
  check_depthwise<Depthwise<4, 3, 3, 2, 1, 1, S>>();
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
  const auto packs = [&] { return o2m::pack_weights(w, o2m::accumulators_of(w, {}, o2m::DType::uint8, 0), {{{0, 1}}, 1, 4}).packed; };
  CHECK_FALSE(packs());  // 600 * 127 * 255 > 2^23
  w = {o2m::DType::int8, {-128, 3, 5, -1}, 2, 2};
  CHECK_FALSE((w.values[2] = -1, packs()));  // 256 * -128 - 1
  CHECK((w.values[2] = 0, packs()));
}

TEST_CASE("the larger of four bytes") {
  for (int a = 0; a < 256; ++a)
    for (int b = 0; b < 256; ++b) {
      const auto s = static_cast<std::uint32_t>(static_cast<U>(std::max(static_cast<S>(a), static_cast<S>(b)))), u = static_cast<std::uint32_t>(std::max(a, b));
      const auto x = static_cast<std::uint32_t>(a) * 0x01010101U, y = static_cast<std::uint32_t>(b) * 0x01010101U;
      REQUIRE(onnx2mcu::cpu::CortexM4::max_s8(x, y) == s * 0x01010101U);
      REQUIRE(onnx2mcu::cpu::CortexM4::max_u8(x, y) == u * 0x01010101U);
    }
}

}  // namespace
