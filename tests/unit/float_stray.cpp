// The bounds of ONNX Runtime's float sums: no inputs, random or chosen to make the roundings add up, carry a
// float result farther from the exact one than the compiler believes.
#include "ops/float_stray.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace {

using o2m::DType;
using o2m::GuardedProduct;
using o2m::QuantizedWeights;

/// ONNX Runtime's sum in blocks of fused multiply-adds, the bias at the end, beside the exact one.
struct Sums {
  const GuardedProduct& p;
  float block = 0, total = 0;
  double exact = p.bias[0];
  std::int64_t n = 0;

  void add(std::int64_t x, std::int64_t w) {
    block = fused(x, w);
    exact += term(x, w);
    if (++n % p.order.block != 0 && n != p.weights.taps) return;
    total = n <= p.order.block ? block : block + total;
    block = 0;
  }
  float result() const { return total + p.bias[0]; }
  float fused(std::int64_t x, std::int64_t w) const {
    return std::fma(static_cast<float>(x) * p.x_scale, static_cast<float>(w) * p.w_scales[0], block);
  }
  double term(std::int64_t x, std::int64_t w) const {
    return static_cast<double>(x * w) * (static_cast<double>(p.x_scale) * p.w_scales[0]);
  }
  /// How much farther up than the exact sum a term carries the float one.
  double rise(std::int64_t x, std::int64_t w) const {
    return static_cast<double>(fused(x, w)) - block - term(x, w);
  }
};

/// A product of one channel; weights is filled, and referred to.
GuardedProduct random_product(QuantizedWeights& weights, std::mt19937& random) {
  const auto uniform = [&](double lo, double hi) {
    return static_cast<float>(std::uniform_real_distribution<double>(lo, hi)(random));
  };
  const std::int64_t depth = 1 + static_cast<std::int64_t>(random() % 12), area = random() % 2 != 0 ? 9 : 1;
  const std::int64_t taps = depth * area;
  weights = {DType::int8, {}, 1, taps};
  for (std::int64_t i = 0; i < taps; ++i)
    weights.values.push_back(static_cast<std::int32_t>(random() % 255) - 127);
  const DType x_type = random() % 2 != 0 ? DType::int8 : DType::uint8;
  const auto x_zero_point =
      static_cast<std::int32_t>(o2m::min_of(x_type) + (random() % 2 != 0 ? 0 : random() % 256));
  const float x_scale = uniform(0.001, 0.1), w_scale = uniform(0.001, 0.1);
  const float y_scale = x_scale * w_scale * uniform(20, 4000), bias = uniform(-50, 50) * y_scale;
  const std::int64_t block = random() % 2 != 0 ? taps : 1 + static_cast<std::int64_t>(random() % 40);
  return {weights,
          depth,
          {},
          x_type,
          x_scale,
          x_zero_point,
          {w_scale},
          {bias},
          y_scale,
          static_cast<std::int32_t>(random() % 256),
          DType::uint8,
          random() % 2 != 0,
          {"blocks", block}};
}

/// One run over the weights in ONNX Runtime's order; greedy: each x is the best of a few for the rise of the
/// sum, or its fall.
Sums run(const GuardedProduct& p, std::mt19937& random, int sign) {
  Sums sums{p};
  const int lo = static_cast<int>(o2m::min_of(p.x_type)) - p.x_zero_point;
  const int most = 1 + static_cast<int>(random() % 255);
  for (std::int64_t i = 0; i < p.depth; ++i)
    for (std::int64_t t = i; t < p.weights.taps; t += p.depth) {
      const std::int64_t w = p.weights.at(0, t);
      std::int64_t x = lo + static_cast<int>(random() % static_cast<unsigned>(most + 1));
      for (int k = 0; k < 24 && sign != 0; ++k) {
        const std::int64_t other = lo + static_cast<int>(random() % static_cast<unsigned>(most + 1));
        if (sign * sums.rise(other, w) > sign * sums.rise(x, w)) x = other;
      }
      sums.add(x, w);
    }
  return sums;
}

TEST_CASE("float sums stay within the bounds of their stray") {
  std::mt19937 random(5);
  double nearest = 0;  // the bounds are of some use: inputs come near them
  int within = 0;
  for (int n = 0; n < 300; ++n) {
    QuantizedWeights weights;
    const GuardedProduct p = random_product(weights, random);
    const double anywhere = o2m::stray_anywhere(p, 0);
    const auto margin = static_cast<std::int64_t>(std::ceil(anywhere / p.y_scale)) + 1;
    const o2m::Stray stray = o2m::stray_in_reach(p, 0, margin);
    for (int k = 0; k < 60; ++k) {
      const Sums sums = run(p, random, k % 3 - 1);
      const double error = static_cast<double>(sums.result()) - sums.exact;
      CHECK(std::abs(error) <= anywhere);
      const double steps = sums.exact / p.y_scale + p.y_zero_point;
      if (steps < static_cast<double>(p.y_min() - margin) || steps > static_cast<double>(255 + margin))
        continue;
      ++within;
      CHECK(std::abs(error - stray.middle) <= stray.width);
      nearest = std::max(nearest, std::abs(error - stray.middle) / stray.width);
    }
  }
  CHECK(within > 1000);
  CHECK(nearest > 0.4);
}

}  // namespace
