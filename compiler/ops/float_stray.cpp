#include "ops/float_stray.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

namespace o2m {
namespace {

constexpr double unit_roundoff = 0x1p-24;

/// Half a unit in the last place of a float of magnitude `largest` or less.
double rounding_error(double largest) {
  return largest > 0 ? std::ldexp(unit_roundoff, std::ilogb(largest * 1.001)) : 0;
}

struct Interval {
  double lo = 0, hi = 0;

  void operator+=(const Interval& other) { lo += other.lo, hi += other.hi; }
  double magnitude() const { return std::max({-lo, hi, 0.0}); }
};

/// A channel: its scales, and what x can be.
struct Channel {
  const GuardedProduct& p;
  std::int64_t c;
  float w_scale = p.w_scales[p.w_scales.size() == 1 ? 0 : static_cast<std::size_t>(c)];
  double bias = p.bias[static_cast<std::size_t>(c)];
  double step = static_cast<double>(p.x_scale) * w_scale;
  std::int64_t x_lo = min_of(p.x_type) - p.x_zero_point, x_hi = max_of(p.x_type) - p.x_zero_point;

  /// visit(w) for all weights in the order in which ONNX Runtime adds.
  template <class Visit>
  void each(Visit visit) const {
    for (std::int64_t i = 0; i < p.depth; ++i)
      for (std::int64_t t = i; t < p.weights.taps; t += p.depth) visit(p.weights.at(c, t));
  }
  /// Of the term x * w * step, in units of step. It holds 0, so padding may leave it out.
  Interval term(std::int64_t w) const {
    return {static_cast<double>(w * (w > 0 ? x_lo : x_hi)), static_cast<double>(w * (w > 0 ? x_hi : x_lo))};
  }
};

/// Of the product of DequantizeLinear(x) and DequantizeLinear(w), not rounded, less x * w * step, over all x.
Interval factor_error(const Channel& channel, std::int64_t w) {
  const auto wf = static_cast<double>(static_cast<float>(w) * channel.w_scale);
  Interval error;
  for (std::int64_t x = channel.x_lo; x <= channel.x_hi; ++x) {
    const double exact = static_cast<double>(x * w) * channel.step;
    const double e = static_cast<double>(static_cast<float>(x) * channel.p.x_scale) * wf - exact;
    error.lo = std::min(error.lo, e), error.hi = std::max(error.hi, e);
  }
  return error;
}

Interval factor_errors(const Channel& channel) {
  std::map<std::int64_t, Interval> of_weight;
  Interval sum;
  channel.each([&](std::int64_t w) {
    const auto [found, fresh] = of_weight.try_emplace(w);
    if (fresh) found->second = factor_error(channel, w);
    sum += found->second;
  });
  return sum;
}

/// Of all roundings but those of the factors in the order "blocks", where fused multiply-adds run over the
/// prefixes of a block's terms and the blocks' sums are added up, with the bias at one end. `result`: where
/// the exact result lies; `error`: how far any float sum can be from the exact one. What the other terms can
/// add up to and the result bound a prefix too.
double block_errors(const Channel& channel, Interval result, double error) {
  const double step = channel.step, least = (result.lo - channel.bias) / step,
               most = (result.hi - channel.bias) / step;
  Interval total, block, done;
  channel.each([&](std::int64_t w) { total += channel.term(w); });
  const auto bound = [&](const Interval& part) {
    const Interval within{std::max(part.lo, least - (total.hi - part.hi)),
                          std::min(part.hi, most - (total.lo - part.lo))};
    return within.magnitude() * step + error;
  };
  double errors = rounding_error(std::max(std::abs(result.lo), std::abs(result.hi)) + error);
  std::int64_t n = 0;
  channel.each([&](std::int64_t w) {
    block += channel.term(w);
    done += channel.term(w);
    errors += rounding_error(bound(block));
    if (++n % channel.p.order.block != 0 && n != channel.p.weights.taps) return;
    errors += rounding_error(bound(done) + std::abs(channel.bias));
    block = {};
  });
  return errors;
}

/// The same in the other orders, whose products are rounded too: every term passes through a few sums only.
double other_errors(const Channel& channel) {
  const auto taps = static_cast<double>(channel.p.weights.taps);
  double terms = 0;
  channel.each([&](std::int64_t w) { terms += channel.term(w).magnitude() * channel.step; });
  const double sums = std::string_view(channel.p.order.name) == "lanes" ? taps / 8 + 8 : taps / 4 + 8;
  return unit_roundoff * ((sums + 3) * terms + 2 * std::abs(channel.bias));
}

/// Standard error analysis, first order, with 1 % to spare for the rest.
Stray stray_of(const Channel& channel, Interval result, double error) {
  const Interval factors = factor_errors(channel);
  const double sums = std::string_view(channel.p.order.name) == "blocks"
                          ? block_errors(channel, result, error)
                          : other_errors(channel);
  return {(factors.lo + factors.hi) / 2, 1.01 * ((factors.hi - factors.lo) / 2 + sums)};
}

}  // namespace

double stray_anywhere(const GuardedProduct& p, std::int64_t c) {
  const Channel channel{p, c};
  Interval result{channel.bias, channel.bias};
  channel.each([&](std::int64_t w) {
    result.lo += channel.term(w).lo * channel.step, result.hi += channel.term(w).hi * channel.step;
  });
  const Stray stray = stray_of(channel, result, 0);
  return std::abs(stray.middle) + stray.width + 2 * unit_roundoff * result.magnitude();
}

Stray stray_in_reach(const GuardedProduct& p, std::int64_t c, std::int64_t margin) {
  const Channel channel{p, c};
  const std::int64_t beyond = 2 * margin + 2;  // the middle of the band, too, is less than margin
  const Interval result{static_cast<double>(p.y_min() - p.y_zero_point - beyond) * p.y_scale,
                        static_cast<double>(max_of(p.y_type) - p.y_zero_point + beyond) * p.y_scale};
  Stray stray = stray_of(channel, result, static_cast<double>(margin) * p.y_scale);
  stray.width += 2 * unit_roundoff * result.magnitude();
  return stray;
}

}  // namespace o2m
