// Requantization from the upper word of a product against ONNX Runtime's formula, for every reachable
// accumulator; and the kernels that use it, four channels with such a form and others beside each other.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "kernels/packed.hpp"
#include "onnx2mcu/cpu/cortex_m4.hpp"
#include "onnx2mcu/packed_conv2d.hpp"
#include "requantize/upper_word.hpp"

namespace {

using o2m::ChannelRule;

std::int32_t clamped(std::int64_t v, const o2m::RequantizeRule& rule) {
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(v, rule.qmin, rule.qmax));
}

std::vector<ChannelRule> random_channels(std::mt19937& random, int count, double exponent) {
  std::uniform_real_distribution<double> spread(0.7, 1.4);
  std::vector<ChannelRule> channels;
  for (int c = 0; c < count; ++c) {
    const auto scale = static_cast<float>(std::exp2(-exponent) * spread(random));
    const auto reach = static_cast<std::int64_t>(300 / scale);
    channels.push_back({{scale, c % 3 == 0 ? 0 : 131, 0, 255}, {-reach, reach + c}});
  }
  return channels;
}

TEST_CASE("forms in the upper word of a product equal the float formula on the whole reachable range") {
  std::mt19937 random(1);
  int with = 0, wrong = 0;
  for (int i = 0; i < 40; ++i) {
    const auto channels = random_channels(random, 8, 4 + i % 8);
    const o2m::UpperWordForms forms = o2m::find_upper_word_forms(channels);
    for (std::size_t c = 0; forms.shift > 0 && c < channels.size(); ++c) {
      if (forms.multipliers[c] == 0) continue;
      ++with;
      for (std::int64_t acc = channels[c].range.lo; acc <= channels[c].range.hi; ++acc) {
        const std::int64_t upper = (256 * acc * forms.multipliers[c] >> 32) + forms.addends[c];
        wrong +=
            upper != static_cast<std::int32_t>(upper) || 256 * acc != static_cast<std::int32_t>(256 * acc);
        wrong += clamped(upper >> forms.shift, channels[c].rule) != o2m::reference(channels[c].rule, acc);
      }
    }
  }
  CHECK(with > 150);
  CHECK(wrong == 0);
  CHECK(o2m::find_upper_word_forms({}).shift == 0);
}

TEST_CASE("accumulators of which 256 times leave int32 have no such form") {
  const ChannelRule wide{{0.00001F, 0, 0, 255}, {-(std::int64_t{1} << 23) - 1, 1000}};
  CHECK(o2m::find_upper_word_forms(std::vector{wide}).shift == 0);
}

/// A pixel-wise convolution of 8 to 10 channels; the second four have no form in the upper word.
struct Mixed {
  using Cpu = onnx2mcu::cpu::CortexM4;
  static constexpr int k_h = 1, k_w = 1, in_c = 8, out_c = 10, in_h = 1, in_w = 13, out_h = 1, out_w = 13,
                       stride_h = 1, stride_w = 1, pad_top = 0, pad_left = 0, dil_h = 1, dil_w = 1, tile = 8,
                       rows_at_once = 1, x_zero_point = 0, y_zero_point = 131, y_min = 0, y_max = 255,
                       upper_shift = 13;
  static constexpr bool packed = true, copied = true, upper_all = false;
  static constexpr auto form = onnx2mcu::Requantize::exact_in_range;
  static inline std::int32_t weights[200], bias[10], upper_multiplier[10], upper_addend[10];
  static inline float scale[10];
  static constexpr std::uint8_t upper_fours[3] = {1, 0, 1};
};

TEST_CASE("four channels by the upper word, four in float, two more: the same formula") {
  std::mt19937 random(2);
  o2m::QuantizedWeights w{o2m::DType::int16, {}, Mixed::out_c, Mixed::in_c};
  for (int i = 0; i < Mixed::out_c * Mixed::in_c; ++i)
    w.values.push_back(static_cast<std::int32_t>(random() % 255) - 127);
  const auto acc =
      o2m::accumulators_of(w, std::vector<std::int32_t>(Mixed::out_c, -77), o2m::DType::uint8, 0);
  o2m::PackingOrder order{{}, 1, 4};
  for (int i = 0; i < Mixed::in_c; i += 4) {  // as a word's bytes are widened
    order.steps.push_back({i, i + 2});
    order.steps.push_back({i + 1, i + 3});
  }
  const o2m::PackedWeights packed = o2m::pack_weights(w, acc, order);
  REQUIRE(packed.packed);
  std::copy(packed.words.begin(), packed.words.end(), Mixed::weights);
  std::copy(packed.bias.begin(), packed.bias.end(), Mixed::bias);
  for (int c = 0; c < Mixed::out_c; ++c) {
    Mixed::scale[c] = 0.01F + 0.001F * static_cast<float>(c);
    Mixed::upper_multiplier[c] = static_cast<std::int32_t>(std::lround(Mixed::scale[c] * 0x1p37));
    Mixed::upper_addend[c] = static_cast<std::int32_t>(131.5 * 0x1p13);
  }
  std::vector<std::uint8_t> x(Mixed::in_w * Mixed::in_c), y(Mixed::out_w * Mixed::out_c);
  for (auto& v : x) v = static_cast<std::uint8_t>(random());
  std::vector<std::int16_t> patch(256);
  onnx2mcu::packed_conv2d<Mixed>(x.data(), y.data(), patch.data());
  int wrong = 0;
  for (int p = 0; p < Mixed::out_w; ++p)
    for (int c = 0; c < Mixed::out_c; ++c) {
      std::int64_t sum = acc.bias[static_cast<std::size_t>(c)];
      for (int i = 0; i < Mixed::in_c; ++i)
        sum += w.at(c, i) * x[static_cast<std::size_t>(p * Mixed::in_c + i)];
      const o2m::RequantizeRule rule{Mixed::scale[c], 131, 0, 255};
      const std::int32_t upper =
          clamped(((256 * sum * Mixed::upper_multiplier[c] >> 32) + Mixed::upper_addend[c]) >> 13, rule);
      wrong +=
          y[static_cast<std::size_t>(p * Mixed::out_c + c)] != (c < 4 ? upper : o2m::reference(rule, sum));
    }
  CHECK(wrong == 0);
}

}  // namespace
