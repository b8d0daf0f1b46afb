// The kernels for cores without SIMD against plain loops: outputs of random layers, extreme inputs and
// weights included. The weights are ordered by the compiler's own functions.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>
#include <vector>

#include "kernels/blocked.hpp"
#include "onnx2mcu/blocked_conv2d.hpp"
#include "onnx2mcu/blocked_depthwise.hpp"
#include "onnx2mcu/blocked_fully_connected.hpp"
#include "onnx2mcu/cpu/cortex_m3.hpp"
#include "onnx2mcu/max_pool.hpp"

namespace {

std::mt19937 random_bits(1);

/// One value in eight is an end of the range.
int random_value(int lo, int hi) {
  const auto r = random_bits();
  return r % 8 == 0 ? (r & 8 ? lo : hi)
                    : lo + static_cast<int>((r >> 8) % static_cast<unsigned>(hi - lo + 1));
}

template <class T>
std::vector<T> random_vector(std::size_t n, int lo = std::numeric_limits<T>::min(),
                             int hi = std::numeric_limits<T>::max()) {
  std::vector<T> out(n);
  for (T& v : out) v = static_cast<T>(random_value(lo, hi));
  return out;
}

/// What every layer here has: an affine requantization with numbers of its own for each channel.
template <class Input>
struct Layer {
  using X = Input;
  using Cpu = onnx2mcu::cpu::CortexM3;
  static constexpr int x_zero_point = static_cast<X>(-1) < 0 ? -7 : 131, y_zero_point = 0, y_min = -128,
                       y_max = 127, shift = 42;
  static constexpr onnx2mcu::Requantize form = onnx2mcu::Requantize::affine;
  static inline std::int8_t weights[70000];
  static inline std::int32_t bias[256], multiplier[256];
  static inline std::int64_t addend[256];
};

template <class L>
void start(int channels) {
  for (int c = 0; c < channels; ++c) {
    L::bias[c] = random_value(-5000, 5000);
    L::multiplier[c] = random_value(1 << 28, 1 << 30);
    L::addend[c] = std::int64_t{random_value(-20, 20)} << L::shift;
  }
  L::bias[channels] = 0;
}

template <class L>
int requantized(std::int64_t acc, int c) {
  const std::int64_t value = (acc * L::multiplier[c] + L::addend[c]) >> L::shift;
  return static_cast<int>(value < -128 ? -128 : value > 127 ? 127 : value);
}

o2m::QuantizedWeights random_weights(int channels, int taps) {
  return {o2m::DType::int8, random_vector<std::int32_t>(static_cast<std::size_t>(channels * taps), -128, 127),
          channels, taps};
}

template <int kernel, int kernel_w, int in_channels, int out_channels, int height, int width, int stride,
          int pad, int pixels, class Input>
struct Conv : Layer<Input> {
  static constexpr int k_h = kernel, k_w = kernel_w, in_c = in_channels, out_c = out_channels, in_h = height,
                       in_w = width, stride_h = stride, stride_w = stride, pad_top = pad, pad_left = pad,
                       dil_h = 1, dil_w = 1, tile = pixels;
  static constexpr int out_h = (height + 2 * pad - kernel) / stride + 1,
                       out_w = (width + 2 * pad - kernel_w) / stride + 1;
};

template <class L>
int cell(const typename L::X* x, int iy, int ix, int c) {
  return iy < 0 || ix < 0 || iy >= L::in_h || ix >= L::in_w ? L::x_zero_point
                                                            : x[(iy * L::in_w + ix) * L::in_c + c];
}

/// Outputs of L that differ from the plain loop; group: input channels of one output channel.
template <class L>
int wrong_outputs(const typename L::X* x, const std::int8_t* y, const o2m::QuantizedWeights& w,
                  bool depthwise) {
  int wrong = 0;
  const int depth = depthwise ? 1 : L::in_c;
  for (int oy = 0; oy < L::out_h; ++oy)
    for (int ox = 0; ox < L::out_w; ++ox)
      for (int oc = 0; oc < L::out_c; ++oc) {
        std::int64_t sum = L::bias[oc];
        for (int t = 0; t < w.taps; ++t) {
          const int ky = t / (L::k_w * depth), kx = t / depth % L::k_w, i = depthwise ? oc : t % depth;
          sum += std::int64_t{w.at(oc, t)} *
                 cell<L>(x, oy * L::stride_h - L::pad_top + ky, ox * L::stride_w - L::pad_left + kx, i);
        }
        wrong += requantized<L>(sum, oc) != *y++;
      }
  return wrong;
}

/// Channels 1, 4, 7, … are off at two sums, channels 2, 5, 8, … are requantized exactly.
std::int32_t random_multiplier(int channel) {
  const int multiplier = random_value(1 << 28, INT32_MAX);
  return channel % 3 == 0 ? multiplier : channel % 3 == 1 ? -multiplier : 0;
}

/// The layers' constants. Channels 1, 4, 7, … are off at two sums, channels 2, 5, 8, … are requantized
/// exactly.
template <int kernel, int kernel_w, int in_channels, int out_channels, int height, int width, int stride,
          int pad, int pixels, int together, class Input>
struct PairedConv
    : Conv<kernel, kernel_w, in_channels, out_channels, height, width, stride, pad, pixels, Input> {
  static constexpr int scale_bits = 8, shift = 14, words = kernel_w * ((kernel * in_channels + 1) / 2),
                       steps = words > 12 ? 7 : words, rounds = (words + steps - 1) / steps,
                       most_extras = words, rows_at_once = together;
  static constexpr bool has_careful = true, has_exact = true;
  static inline std::int32_t start[256], careful_sum[512], first_extra[256];
  static inline std::uint32_t extras[70000];
  static inline std::int8_t careful_step[512];
  static inline float scale[256];
};

/// What y would be if `sum`, scaled up, began at start[c].
template <class L>
std::int64_t requantized_sum(std::int64_t sum, int c) {
  sum = sum * (1 << L::scale_bits) + L::start[c];
  const auto k = static_cast<std::size_t>(c);
  if (L::multiplier[k] == 0)
    return o2m::reference({L::scale[k], L::y_zero_point, L::y_min, L::y_max}, sum >> L::scale_bits);
  std::int64_t value = (sum * std::abs(L::multiplier[k])) >> (32 + L::shift);
  for (std::size_t i = 2 * k; i < 2 * k + 2 && L::multiplier[k] < 0; ++i)
    value += sum == L::careful_sum[i] ? L::careful_step[i] : 0;
  return std::clamp<std::int64_t>(value, -128, 127);
}

template <class L>
std::int64_t window_sum(const typename L::X* x, const o2m::QuantizedWeights& w, int oy, int ox, int oc) {
  std::int64_t sum = 0;
  for (int t = 0; t < w.taps; ++t) {
    const int ky = t / (L::k_w * L::in_c), kx = t / L::in_c % L::k_w;
    sum += std::int64_t{w.at(oc, t)} *
           cell<L>(x, oy * L::stride_h - L::pad_top + ky, ox * L::stride_w - L::pad_left + kx, t % L::in_c);
  }
  return sum;
}

/// Copies the layer's constants as the compiler makes them; begin: by channel, what the sum of all products
/// begins from.
template <class L>
void place_constants(const o2m::QuantizedWeights& w, const std::vector<std::int32_t>& begin) {
  std::vector<std::int64_t> halves;
  for (int kx = 0; kx < L::k_w; ++kx) {
    for (int at = 0; at < L::k_h * L::in_c; ++at) {
      const int i = at % L::in_c,
                swapped = L::in_c % 4 != 0
                              ? i
                              : i / 4 * 4 + std::array{0, 2, 1, 3}[static_cast<std::size_t>(i % 4)];
      halves.push_back((at / L::in_c * L::k_w + kx) * L::in_c + swapped);
    }
    if (halves.size() % 2 != 0) halves.insert(halves.end() - 1, o2m::copied_tap);
  }
  const bool is_signed = std::is_signed_v<typename L::X>;
  const o2m::PairedWeights paired = o2m::pair_weights(w, {{}, begin}, halves, halves.size() / L::k_w,
                                                      is_signed ? o2m::DType::int8 : o2m::DType::uint8);
  REQUIRE(static_cast<int>(halves.size()) == 2 * L::words);
  REQUIRE(paired.most_extras <= L::most_extras);
  std::copy(paired.words.begin(), paired.words.end(), L::weights);
  std::copy(paired.extras.begin(), paired.extras.end(), L::extras);
  std::copy(paired.first_extra.begin(), paired.first_extra.end(), L::first_extra);
  for (int c = 0; c < L::out_c; ++c) {
    L::start[c] = paired.bias[static_cast<std::size_t>(c)] * (1 << L::scale_bits);
    L::multiplier[c] = random_multiplier(c);
    L::scale[c] = static_cast<float>(random_value(1, 1000)) / 1e5F;
  }
}

template <class L>
void check_conv(int least_weight = -128) {
  CAPTURE(L::in_c);
  CAPTURE(L::out_c);
  o2m::QuantizedWeights w = random_weights(L::out_c, L::k_h * L::k_w * L::in_c);
  for (std::int32_t& value : w.values) value = std::max(value, least_weight);
  const auto x = random_vector<typename L::X>(L::in_h * L::in_w * L::in_c,
                                              least_weight > 0 ? std::numeric_limits<typename L::X>::max()
                                                               : std::numeric_limits<typename L::X>::min());
  std::vector<std::int32_t> begin(L::out_c);
  for (std::int32_t& value : begin) value = random_value(-5000, 5000);
  place_constants<L>(w, begin);
  std::vector<std::int64_t> expected;
  for (int i = 0; i < L::out_h * L::out_w * L::out_c; ++i) {
    const int c = i % L::out_c;
    const std::int64_t sum = window_sum<L>(x.data(), w, i / L::out_c / L::out_w, i / L::out_c % L::out_w, c) +
                             begin[static_cast<std::size_t>(c)];
    // What the kernel sees lacks the part that the compiler put into start.
    const std::int64_t lacks = sum - L::start[c] / (1 << L::scale_bits);
    if (i / L::out_c < 2)
      L::careful_sum[2 * c + i / L::out_c] =
          static_cast<std::int32_t>(lacks * (1 << L::scale_bits) + L::start[c]),
                                 L::careful_step[2 * c + i / L::out_c] = i < L::out_c ? 3 : -1;
    expected.push_back(lacks);
  }
  std::vector<std::int8_t> scratch(onnx2mcu::Blocks<L>::bytes), y(expected.size());
  onnx2mcu::blocked_conv2d<L>(x.data(), y.data(), scratch.data());
  int wrong = 0;
  for (std::size_t i = 0; i < y.size(); ++i)
    wrong += y[i] != requantized_sum<L>(expected[i], static_cast<int>(i) % L::out_c);
  CHECK(wrong == 0);
}

/// Channels 1, 4, 7, … are off at two sums, channels 2, 5, 8, … are requantized exactly.
template <int kernel, int in_channels, int per_channel, int height, int width, int stride, int pad,
          int dilation, int rows_together, class Input>
struct Depthwise
    : Conv<kernel, kernel, in_channels, in_channels * per_channel, height, width, stride, pad, 4, Input> {
  static constexpr int dil_h = dilation, dil_w = dilation, reach = (kernel - 1) * dilation + 1,
                       band = rows_together, lanes = in_channels % 4 == 0 ? 4 : 1;
  static constexpr int out_h = (height + 2 * pad - reach) / stride + 1,
                       out_w = (width + 2 * pad - reach) / stride + 1, scale_bits = 8, shift = 14;
  static constexpr bool has_careful = true, has_exact = true;
  static inline std::int32_t start[256], careful_sum[512];
  static inline std::int8_t careful_step[512];
  static inline float scale[256];
};

template <class L>
void check_depthwise() {
  CAPTURE(L::in_c);
  CAPTURE(L::k_w);
  constexpr int taps = L::k_h * L::k_w, outputs = L::out_c / L::in_c;
  const o2m::QuantizedWeights w = random_weights(L::out_c, taps);
  std::copy(w.values.begin(), w.values.end(), L::weights);
  const auto x = random_vector<typename L::X>(L::in_h * L::in_w * L::in_c);
  for (int c = 0; c < L::out_c; ++c) {
    L::start[c] = random_value(-(1 << 20), 1 << 20);
    L::multiplier[c] = random_multiplier(c);
    L::scale[c] = static_cast<float>(random_value(1, 1000)) / 1e5F;
  }
  std::vector<std::int64_t> sums;
  for (int i = 0; i < L::out_h * L::out_w * L::out_c; ++i) {
    const int c = i % L::out_c, ox = i / L::out_c % L::out_w, oy = i / L::out_c / L::out_w;
    std::int64_t sum = 0;
    for (int t = 0; t < taps; ++t)
      sum += w.at(c, t) * cell<L>(x.data(), oy * L::stride_h - L::pad_top + t / L::k_w * L::dil_h,
                                  ox * L::stride_w - L::pad_left + t % L::k_w * L::dil_w, c / outputs);
    sums.push_back(256 * sum + L::start[c]);
    if (i / L::out_c < 2)
      L::careful_sum[2 * c + i / L::out_c] = static_cast<std::int32_t>(sums.back()),
                                 L::careful_step[2 * c + i / L::out_c] = i < L::out_c ? 3 : -1;
  }
  std::vector<typename L::X> plane(onnx2mcu::Plane<L>::rows * onnx2mcu::Plane<L>::pitch * L::lanes);
  std::vector<std::int8_t> y(sums.size());
  onnx2mcu::blocked_depthwise_conv2d<L>(x.data(), y.data(), plane.data());
  int wrong = 0;
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const std::size_t c = i % L::out_c;
    std::int64_t value = (sums[i] * std::abs(L::multiplier[c])) >> (32 + L::shift);
    if (c % 3 == 1)
      for (std::size_t k = 2 * c; k < 2 * c + 2; ++k)
        value += sums[i] == L::careful_sum[k] ? L::careful_step[k] : 0;
    const o2m::RequantizeRule rule{L::scale[c], L::y_zero_point, L::y_min, L::y_max};
    wrong += y[i] !=
             (c % 3 == 2 ? o2m::reference(rule, sums[i] >> 8) : std::clamp<std::int64_t>(value, -128, 127));
  }
  CHECK(wrong == 0);
}

template <int inputs, int outputs, int rows_together, class Input>
struct Product : Layer<Input> {
  static constexpr int rows = 2, in = inputs, out = outputs, block = rows_together, scale_bits = 0;
};

/// Channels 1, 4, 7, … are off at two sums, channels 2, 5, 8, … are requantized exactly.
template <int inputs, int outputs, int rows_together, class Input>
struct ScaledProduct : Product<inputs, outputs, rows_together, Input> {
  static constexpr int scale_bits = 8, shift = 14;
  static constexpr bool has_careful = true, has_exact = true;
  static inline std::int32_t start[256], careful_sum[512];
  static inline std::int8_t careful_step[512];
  static inline float scale[256];
};

/// extreme: inputs and weights at one end of their ranges.
template <class L>
void place_product(o2m::QuantizedWeights& w, std::vector<typename L::X>& x, bool extreme) {
  w = random_weights(L::out, L::in);
  x = random_vector<typename L::X>(2 * L::in);
  if (extreme) {
    std::fill(w.values.begin(), w.values.end(), 127);
    std::fill(x.begin(), x.end(), std::numeric_limits<typename L::X>::max());
  }
  const auto bytes = o2m::block_product_weights(w, L::block);
  std::copy(bytes.begin(), bytes.end(), L::weights);
}

/// A row's sums, without what they begin from.
template <class L>
std::int64_t product_sum(const o2m::QuantizedWeights& w, const typename L::X* x, int o) {
  std::int64_t sum = 0;
  for (int i = 0; i < L::in; ++i) sum += std::int64_t{w.at(o, i)} * x[i];
  return sum;
}

template <class L>
void check_scaled_product(bool extreme = false) {
  CAPTURE(L::in);
  CAPTURE(L::out);
  constexpr std::int64_t unit = 1 << L::scale_bits;
  o2m::QuantizedWeights w;
  std::vector<typename L::X> x;
  place_product<L>(w, x, extreme);
  const auto lacking =
      o2m::block_product_bias(w, std::vector<std::int32_t>(L::out),
                              std::is_signed_v<typename L::X> ? o2m::DType::int8 : o2m::DType::uint8);
  std::vector<int> expected;
  for (int i = 0; i < 2 * L::out; ++i) {
    const int c = i % L::out;
    if (i < L::out) {
      L::start[c] =
          static_cast<std::int32_t>(lacking[static_cast<std::size_t>(c)] * unit + random_value(-5000, 5000));
      L::multiplier[c] = random_multiplier(c);
      L::scale[c] = static_cast<float>(random_value(1, 1000)) / 1e5F;
    }
    const std::int64_t sum =
        product_sum<L>(w, x.data() + i / L::out * L::in, c) - lacking[static_cast<std::size_t>(c)];
    L::careful_sum[2 * c + i / L::out] = static_cast<std::int32_t>(sum * unit + L::start[c]),
                               L::careful_step[2 * c + i / L::out] = i < L::out ? 3 : -1;
    expected.push_back(static_cast<int>(sum));
  }
  std::vector<std::int8_t> y(expected.size());
  onnx2mcu::blocked_fully_connected<L>(x.data(), y.data());
  int wrong = 0;
  for (std::size_t i = 0; i < y.size(); ++i)
    wrong += y[i] != requantized_sum<L>(expected[i], static_cast<int>(i) % L::out);
  CHECK(wrong == 0);
}

template <class L>
void check_product(bool extreme = false) {
  CAPTURE(L::in);
  CAPTURE(L::out);
  o2m::QuantizedWeights w;
  std::vector<typename L::X> x;
  place_product<L>(w, x, extreme);
  start<L>(L::out);
  const std::vector<std::int32_t> bias(L::bias, L::bias + L::out);
  const auto lacking = o2m::block_product_bias(
      w, bias, std::is_signed_v<typename L::X> ? o2m::DType::int8 : o2m::DType::uint8);
  std::copy(lacking.begin(), lacking.end(), L::bias);
  std::vector<std::int8_t> y(2 * L::out);
  onnx2mcu::blocked_fully_connected<L>(x.data(), y.data());
  int wrong = 0;
  for (int r = 0; r < 2; ++r)
    for (int o = 0; o < L::out; ++o) {
      const std::int64_t sum = bias[static_cast<std::size_t>(o)] + product_sum<L>(w, x.data() + r * L::in, o);
      wrong += requantized<L>(sum, o) != y[static_cast<std::size_t>(r * L::out + o)];
    }
  CHECK(wrong == 0);
}

using S = std::int8_t;
using U = std::uint8_t;

TEST_CASE(
    "blocked convolution: strides, pads, odd channels and taps, tiles that do not divide the row, rows "
    "together") {
  check_conv<PairedConv<3, 3, 16, 32, 6, 7, 1, 1, 4, 1, S>>();
  check_conv<PairedConv<3, 3, 1, 8, 9, 9, 1, 1, 9, 4, U>>();
  check_conv<PairedConv<3, 3, 1, 5, 9, 11, 1, 1, 4, 1, S>>();
  check_conv<PairedConv<3, 3, 1, 4, 7, 10, 2, 1, 5, 3, S>>();
  check_conv<PairedConv<3, 3, 1, 3, 5, 6, 1, 0, 4, 2, U>>();
  check_conv<PairedConv<3, 3, 1, 2, 1, 1, 1, 1, 1, 1, S>>();
  check_conv<PairedConv<3, 3, 3, 7, 8, 8, 2, 1, 4, 1, U>>();
  check_conv<PairedConv<5, 5, 6, 5, 9, 8, 1, 0, 4, 3, S>>();
  check_conv<PairedConv<1, 1, 64, 65, 1, 25, 1, 0, 25, 1, S>>();
  check_conv<PairedConv<1, 1, 5, 4, 3, 6, 1, 0, 6, 2, U>>();
  check_conv<PairedConv<1, 1, 8, 3, 5, 5, 2, 0, 3, 1, U>>();
  check_conv<PairedConv<1, 5, 2, 1, 1, 19, 1, 0, 4, 1, S>>();
  check_conv<PairedConv<2, 2, 4, 2, 3, 2, 1, 0, 1, 2, S>>();
  check_conv<PairedConv<3, 3, 4, 3, 5, 5, 1, 1, 5, 3, S>>(
      127);  // the largest sums: all weights 127, all cells at their ends
  check_conv<PairedConv<3, 3, 4, 3, 5, 5, 1, 1, 5, 3, U>>(127);
}

TEST_CASE(
    "two products in one multiplication: every pair of weights keeps its sum, on every cell at an end of its "
    "range") {
  for (const bool is_signed : {true, false})
    for (int lower = -128; lower < 128; ++lower)
      for (int upper = -128; upper < 128; ++upper) {
        const o2m::QuantizedWeights w{o2m::DType::int8, {lower, upper}, 1, 2};
        const o2m::PairedWeights paired =
            o2m::pair_weights(w, {{}, {0}}, {0, 1}, 2, is_signed ? o2m::DType::int8 : o2m::DType::uint8);
        const auto value = [&](std::size_t i) { return static_cast<std::uint8_t>(paired.words[i]) - 128; };
        const int least = is_signed ? -128 : 0,
                  excess =
                      paired.extras.empty() ? 0 : static_cast<std::int8_t>(paired.extras[0] >> 16 & 0xFFU);
        for (const int first : {least, least + 1, least + 128, least + 254, least + 255})
          for (const int second : {least, least + 127, least + 128, least + 255}) {
            const int low = first - least + 1, high = second - least - 128;
            const auto product =
                static_cast<std::int32_t>(static_cast<std::uint32_t>(value(0) + 65536 * value(2)) *
                                          static_cast<std::uint32_t>(low + 65536 * high));
            const int sum = (product >> 16) + excess * low + paired.bias[0];
            if (sum != lower * first + upper * second)
              FAIL(lower << ' ' << upper << ' ' << first << ' ' << second << ": " << sum);
          }
      }
}

TEST_CASE("rounds of steps hold all words, and few more") {
  for (int words = 1; words < 400; ++words) {
    const o2m::Rounds r = o2m::choose_rounds(words);
    CHECK(r.steps * r.rounds >= words);
    CHECK(r.steps * r.rounds <= words + words / 8 + 1);
    CHECK(r.steps <= 15);
  }
}

TEST_CASE("blocked depthwise convolution: kernels, strides, pads, dilations, multipliers, bands") {
  check_depthwise<Depthwise<3, 8, 1, 7, 9, 1, 1, 1, 7, S>>();
  check_depthwise<Depthwise<3, 5, 1, 6, 14, 1, 1, 1, 4, U>>();
  check_depthwise<Depthwise<3, 4, 2, 6, 11, 1, 1, 1, 1, U>>();
  check_depthwise<Depthwise<3, 4, 1, 6, 5, 2, 1, 1, 2, U>>();
  check_depthwise<Depthwise<2, 6, 1, 5, 6, 1, 0, 1, 4, U>>();
  check_depthwise<Depthwise<5, 12, 1, 8, 7, 2, 2, 1, 3, S>>();
  check_depthwise<Depthwise<3, 3, 1, 9, 10, 1, 2, 2, 5, S>>();
  check_depthwise<Depthwise<1, 4, 3, 4, 3, 1, 0, 1, 4, S>>();
}

TEST_CASE("blocked product: blocks of every size, inputs modulo 4") {
  for (const bool extreme : {false, true}) {
    check_product<Product<64, 10, 6, S>>(extreme);
    check_product<Product<33, 16, 6, U>>(extreme);
    check_product<Product<34, 7, 4, S>>(extreme);
    check_product<Product<35, 13, 4, U>>(extreme);
    check_product<Product<3, 3, 2, S>>(extreme);
    check_product<Product<8, 1, 2, U>>(extreme);
    check_product<Product<2100, 3, 4, U>>(extreme);
    check_product<Product<1031, 5, 6, S>>(extreme);
    check_scaled_product<ScaledProduct<64, 10, 6, S>>(extreme);
    check_scaled_product<ScaledProduct<35, 13, 4, U>>(extreme);
    check_scaled_product<ScaledProduct<129, 7, 6, U>>(extreme);
  }
}

TEST_CASE("blocks of rows are pairs, as even as they can be") {
  CHECK(o2m::rows_of_a_block(10) == 6);
  CHECK(o2m::rows_of_a_block(64) == 6);
  CHECK(o2m::rows_of_a_block(7) == 4);
  CHECK(o2m::rows_of_a_block(1) == 2);
}

template <int kernel, int count, int dilation, class Input>
struct Pool {
  static constexpr int k_h = kernel, k_w = kernel, in_h = 7, in_w = 9, stride_h = 2, stride_w = 1,
                       pad_top = 1, pad_left = 1, dil_h = 1, dil_w = dilation, channels = count,
                       out_h = (7 + 2 - kernel) / 2 + 1, out_w = 9 + 2 - (kernel - 1) * dilation;
};

template <class L, class X>
void check_pool() {
  const auto x = random_vector<X>(L::in_h * L::in_w * L::channels);
  std::vector<X> y(L::out_h * L::out_w * L::channels);
  onnx2mcu::max_pool<L>(x.data(), y.data());
  int wrong = 0;
  for (int i = 0; i < static_cast<int>(y.size()); ++i) {
    const int c = i % L::channels, ox = i / L::channels % L::out_w, oy = i / L::channels / L::out_w;
    int best = std::numeric_limits<X>::min();
    for (int t = 0; t < L::k_h * L::k_w; ++t) {
      const int iy = oy * L::stride_h - 1 + t / L::k_w, ix = ox - 1 + t % L::k_w * L::dil_w;
      if (iy >= 0 && iy < L::in_h && ix >= 0 && ix < L::in_w)
        best = std::max<int>(best, x[static_cast<std::size_t>((iy * L::in_w + ix) * L::channels + c)]);
    }
    wrong += best != y[static_cast<std::size_t>(i)];
  }
  CHECK(wrong == 0);
}

TEST_CASE("maximum over windows") {
  check_pool<Pool<2, 6, 1, S>, S>();
  check_pool<Pool<3, 4, 2, U>, U>();
}

}  // namespace
