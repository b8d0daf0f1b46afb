#include "ops/guarded.hpp"

#include <algorithm>
#include <cmath>

#include "ops/float_stray.hpp"

namespace o2m {
namespace {

/// steps = ((acc << left) * multiplier >> 32) + addend: steps of y with `fraction` fraction bits.
struct FixedPoint {
  int left = 0, fraction = 0;
  std::vector<std::int32_t> multipliers, addends;
  std::vector<std::uint32_t> doubts;  ///< by channel, as the kernel compares with
  std::int32_t guard = 1;             ///< half width of the band, with `fraction` fraction bits
  std::int32_t margin = 1;            ///< whole steps outside y's range that are surely outside in float too
  double share = 0;                   ///< share of values inside the band
};

/// What becomes of the strays: the band of each channel, its addend moved to the band's middle.
void add_bands(const GuardedProduct& p, const std::vector<double>& lines, FixedPoint& f) {
  const double one = std::ldexp(1.0, f.fraction);
  double widest = 0;
  for (std::size_t c = 0; c < lines.size(); ++c)
    widest = std::max(widest, stray_anywhere(p, static_cast<std::int64_t>(c)) / p.y_scale + lines[c]);
  constexpr double most = 1 << 12;
  if (widest > most) refuse("the float result can stray by {:g} steps from the exact one", widest);
  f.margin = static_cast<std::int32_t>(std::ceil(widest)) + 1;
  // Half a step and more leaves no fraction that decides: every value within reach of y's range is computed
  // in float.
  for (std::size_t c = 0; c < lines.size(); ++c) {
    const Stray stray = stray_in_reach(p, static_cast<std::int64_t>(c), f.margin);
    const double band = stray.width / p.y_scale + lines[c];
    const auto guard = static_cast<std::int32_t>(
        std::min(std::ceil(std::ldexp(band, f.fraction)) + 1, std::ldexp(0.5, f.fraction)));
    f.addends.push_back(static_cast<std::int32_t>(std::round(
        ((static_cast<double>(p.bias[c]) + stray.middle) / p.y_scale + p.y_zero_point + 0.5) * one)));
    f.addends.back() += guard;
    f.doubts.push_back(static_cast<std::uint32_t>(2 * guard - 1) << (32 - f.fraction));
    f.guard = std::max(f.guard, guard);
    f.share += 2.0 * guard / one / static_cast<double>(lines.size());
  }
}

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
  std::vector<double>
      lines;  // how far the fixed-point line strays: its slope, the bits shifted out, the addend
  for (std::size_t c = 0; c < p.ranges.size(); ++c) {
    const double m = std::round(ratio(c) * unit);
    f.multipliers.push_back(static_cast<std::int32_t>(m));
    lines.push_back(reach(c) * (std::abs(m - ratio(c) * unit) + ratio(c) * unit * 0x1p-50) / unit + 2 / one);
  }
  add_bands(p, lines, f);
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
  call.params.push_back(
      param_array(c.program, "multiplier", c.array("multiplier", DType::int32, f.multipliers)));
  call.params.push_back(param_array(c.program, "addend", c.array("addend", DType::int32, f.addends)));
  call.params.push_back(param_array(c.program, "doubt", c.array("doubt", DType::uint32, f.doubts)));
  for (const auto& [name, value] : {std::pair<const char*, std::int64_t>{"left", f.left},
                                    {"fraction", f.fraction},
                                    {"guard", f.guard},
                                    {"margin", f.margin},
                                    {"y_zero_point", p.y_zero_point},
                                    {"y_min", p.y_min()},
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
