#include "ops/guarded.hpp"

#include <algorithm>
#include <cmath>

namespace o2m {
namespace {

constexpr double unit_roundoff = 0x1p-24;

/// Half a unit in the last place of a float of magnitude `largest` or less.
double rounding_error(double largest) {
  return largest > 0 ? std::ldexp(unit_roundoff, std::ilogb(largest * 1.001)) : 0;
}

/// What a channel's terms can add up to, in units of x_scale * w_scale, whichever of them padding leaves out.
struct TermSums {
  double magnitudes = 0;  ///< sum of the largest |x * w|
  double errors = 0;      ///< order "blocks": of the roundings of all partial sums, in real value
};

TermSums term_sums(const GuardedProduct& p, std::int64_t c, double step) {
  const std::int64_t x_lo = min_of(p.x_type) - p.x_zero_point, x_hi = max_of(p.x_type) - p.x_zero_point;
  TermSums sums;
  double lowest = 0, highest = 0;
  std::int64_t n = 0;
  for (std::int64_t i = 0; i < p.depth; ++i)
    for (std::int64_t t = i; t < p.weights.taps; t += p.depth, ++n) {
      if (n % std::max<std::int64_t>(p.order.block, 1) == 0) lowest = highest = 0;
      const std::int64_t w = p.weights.at(c, t);
      lowest += static_cast<double>(w * (w > 0 ? x_lo : x_hi));
      highest += static_cast<double>(w * (w > 0 ? x_hi : x_lo));
      sums.magnitudes += static_cast<double>(std::abs(w) * std::max(std::abs(x_lo), std::abs(x_hi)));
      sums.errors += rounding_error(std::max(-lowest, highest) * step);
    }
  return sums;
}

/// How far the float result of channel c can be from the exact one, in real value. Standard error analysis,
/// first order, with 1 % to spare for the rest: each factor is rounded once by DequantizeLinear, each product
/// at most once (never in `blocks`, whose additions are fused), and each partial sum once. In `blocks` the
/// partial sums are prefixes of a block's terms; in the other orders every term passes through a few sums
/// only.
double stray_of(const GuardedProduct& p, std::int64_t c) {
  const auto channel = static_cast<std::size_t>(c);
  const double step = static_cast<double>(p.x_scale) * p.w_scales[p.w_scales.size() == 1 ? 0 : channel];
  const TermSums sums = term_sums(p, c, step);
  const double terms = sums.magnitudes * step;
  const std::string_view order = p.order.name;
  const auto taps = static_cast<double>(p.weights.taps);
  const double partial = order == "blocks"
                             ? sums.errors
                             : unit_roundoff * terms * (order == "lanes" ? taps / 8 + 8 : taps / 4 + 8);
  const double blocks = order == "blocks" ? taps / static_cast<double>(p.order.block) + 2 : 2;
  const double roundings = order == "blocks" ? 2 : 3;
  return 1.01 *
         (partial + unit_roundoff * (roundings * terms +
                                     blocks * (terms + std::abs(static_cast<double>(p.bias[channel])))));
}

/// steps = ((acc << left) * multiplier >> 32) + addend: steps of y with `fraction` fraction bits.
struct FixedPoint {
  int left = 0, fraction = 0;
  std::vector<std::int32_t> multipliers, addends;
  std::vector<std::uint32_t> doubts;  ///< by channel, as the kernel compares with
  std::int32_t guard = 1;             ///< half width of the band, with `fraction` fraction bits
  std::int32_t margin = 1;            ///< whole steps outside y's range that are surely outside in float too
  double share = 0;                   ///< share of values inside the band
};

FixedPoint fixed_point(const GuardedProduct& p) {
  FixedPoint f;
  double largest_ratio = 0, largest_sum = 1, largest_steps = 8192;  // of which 4096 are room for the margin
  const auto ratio = [&](std::size_t c) {
    return static_cast<double>(p.x_scale) * p.w_scales[p.w_scales.size() == 1 ? 0 : c] / p.y_scale;
  };
  const auto reach = [&](std::size_t c) {
    return static_cast<double>(std::max(std::abs(p.ranges[c].lo), std::abs(p.ranges[c].hi)));
  };
  const auto steps = [&](std::size_t c) {
    return ratio(c) * reach(c) + std::abs(static_cast<double>(p.bias[c])) / p.y_scale +
           std::abs(p.y_zero_point) + 2;
  };
  for (std::size_t c = 0; c < p.ranges.size(); ++c) {
    largest_ratio = std::max(largest_ratio, ratio(c));
    largest_sum = std::max(largest_sum, reach(c));
    largest_steps = std::max(largest_steps, steps(c));
  }
  f.left = std::max(
      0, 30 - static_cast<int>(std::ceil(std::log2(largest_sum + 1))));  // acc << left stays within 2^30
  f.fraction = std::min({16, 30 - static_cast<int>(std::ceil(std::log2(largest_steps))),
                         f.left - 2 - static_cast<int>(std::ceil(std::log2(largest_ratio)))});
  if (f.fraction < 4)
    refuse("x_scale * w_scale / y_scale = {:g} leaves no room for a guard band", largest_ratio);
  const double one = std::ldexp(1.0, f.fraction), unit = std::ldexp(1.0, 32 + f.fraction - f.left);
  double widest = 0;
  std::vector<double> bands;
  for (std::size_t c = 0; c < p.ranges.size(); ++c) {
    const double m = std::round(ratio(c) * unit);
    f.multipliers.push_back(static_cast<std::int32_t>(m));
    f.addends.push_back(static_cast<std::int32_t>(
        std::round((static_cast<double>(p.bias[c]) / p.y_scale + p.y_zero_point + 0.5) * one)));
    // Float stray in steps (with the rounding of the division by y_scale), and that of the fixed-point line
    // itself: its slope, the bits shifted out, the addend.
    const double stray = stray_of(p, static_cast<std::int64_t>(c)) / p.y_scale + 2 * unit_roundoff * steps(c);
    const double line =
        reach(c) * (std::abs(m - ratio(c) * unit) + ratio(c) * unit * 0x1p-50) / unit + 2 / one;
    bands.push_back(stray + line);
    widest = std::max(widest, stray + line);
  }
  constexpr double most = 1 << 12;
  if (widest > most) refuse("the float result can stray by {:g} steps from the exact one", widest);
  f.margin = static_cast<std::int32_t>(std::ceil(widest)) + 1;
  // Half a step and more leaves no fraction that decides: every value within reach of y's range is computed
  // in float.
  for (std::size_t c = 0; c < bands.size(); ++c) {
    const auto guard = static_cast<std::int32_t>(
        std::min(std::ceil(std::ldexp(bands[c], f.fraction)) + 1, std::ldexp(0.5, f.fraction)));
    f.addends[c] += guard;
    f.doubts.push_back(static_cast<std::uint32_t>(2 * guard - 1) << (32 - f.fraction));
    f.guard = std::max(f.guard, guard);
    f.share += 2.0 * guard / std::ldexp(1.0, f.fraction) / static_cast<double>(bands.size());
  }
  return f;
}

}  // namespace

std::vector<float> real_bias(const Tensor* b, const Tensor* b_scale, std::int64_t channels) {
  std::vector<float> out(static_cast<std::size_t>(channels), 0.0F);
  if (!b) return out;
  if (b->count() != channels) refuse("b has shape {}, expected [{}]", to_string(b->shape), channels);
  const std::vector<float> scales =
      b_scale ? read_scales(*b_scale, channels, "b_scale") : std::vector<float>{1.0F};
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto value = static_cast<float>(
        b->real(static_cast<std::int64_t>(i)));  // int32 -> float rounds, as DequantizeLinear
    out[i] = value * scales[scales.size() == 1 ? 0 : i];
  }
  return out;
}

void add_guarded_requantization(LowerContext& c, Call& call, const GuardedProduct& p) {
  const FixedPoint f = fixed_point(p);
  const std::int64_t y_min = p.relu ? p.y_zero_point : min_of(p.y_type);
  call.params.push_back(
      param_array(c.program, "multiplier", c.array("multiplier", DType::int32, f.multipliers)));
  call.params.push_back(param_array(c.program, "addend", c.array("addend", DType::int32, f.addends)));
  call.params.push_back(param_array(c.program, "doubt", c.array("doubt", DType::uint32, f.doubts)));
  for (const auto& [name, value] : {std::pair<const char*, std::int64_t>{"left", f.left},
                                    {"fraction", f.fraction},
                                    {"guard", f.guard},
                                    {"margin", f.margin},
                                    {"y_zero_point", p.y_zero_point},
                                    {"y_min", y_min},
                                    {"y_max", max_of(p.y_type)}})
    call.params.push_back(param(name, value));
  call.params.push_back(param_float("x_scale", p.x_scale));
  call.params.push_back(param_float("y_scale", p.y_scale));
  call.params.push_back(param_array(c.program, "w_scale", c.array("w_scale", DType::float32, p.w_scales)));
  call.params.push_back(param_array(c.program, "float_bias", c.array("float_bias", DType::float32, p.bias)));
  add_order(call, p.order);
  call.requantization = fmt::format(
      "integers with {} fraction bits, guard {:.4f} of a step: {:.2f} % of values are computed again in "
      "float, in ONNX Runtime's order",
      f.fraction, f.share / 2, 100 * f.share);
}

}  // namespace o2m
