// The real form of QLinearAdd is known; only its rounding to integers has freedom. For given multipliers each
// pair of inputs bounds the addend from one or two sides, so the few pairs that lie closest to a rounding
// boundary decide.
#include "requantize/two_input.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace o2m {
namespace {

using std::int32_t;
using std::int64_t;

constexpr float int32_end = 2147483648.0f;
constexpr int64_t reach = 6;  // how far from the real ratios the multipliers are searched

/// One inequality: outer * Ma + inner * Mb + C >= level << S (or < for the upper ones).
struct Corner {
  int32_t outer;
  int32_t inner;
  int64_t level;
};

struct Corners {
  std::vector<Corner> at_least;
  std::vector<Corner> below;
};

struct Candidate {
  int64_t outer_multiplier = 0;
  int64_t inner_multiplier = 0;
  int64_t least_addend = 1;
  int64_t greatest_addend = 0;

  int64_t width() const { return greatest_addend - least_addend; }
};

template <typename Visit>
void for_each_pair(InputRange outer, InputRange inner, Visit&& visit) {
  for (int32_t a = outer.lo; a <= outer.hi; ++a) {
    for (int32_t b = inner.lo; b <= inner.hi; ++b) visit(a, b);
  }
}

double real_value(const AddRule& rule, int32_t a, int32_t b) {
  return static_cast<double>(a) * rule.outer_ratio + static_cast<double>(b) * rule.inner_ratio + rule.fixed +
         0.5;
}

/// The pairs within `margin` of a rounding boundary.
Corners close_corners(const AddRule& rule, const PairFunction& same, InputRange outer, InputRange inner,
                      double margin) {
  Corners corners;
  for_each_pair(outer, inner, [&](int32_t a, int32_t b) {
    const int32_t level = same(a, b);
    const double value = real_value(rule, a, b);
    if (level > rule.qmin && value - level < margin) corners.at_least.push_back({a, b, level});
    if (level < rule.qmax && level + 1 - value < margin) corners.below.push_back({a, b, level + 1});
  });
  return corners;
}

/// The largest shift with every unclamped value inside int32; nothing for values that no sensible shift
/// holds.
std::optional<int> widest_shift(const AddRule& rule, InputRange outer, InputRange inner) {
  double greatest = 1.0;
  for (const int32_t a : {outer.lo, outer.hi}) {
    for (const int32_t b : {inner.lo, inner.hi}) {
      greatest = std::max({greatest, std::fabs(real_value(rule, a, b)),
                           std::fabs(a * double{rule.outer_ratio}), std::fabs(b * double{rule.inner_ratio})});
    }
  }
  if (!(greatest < 65536.0)) return std::nullopt;
  return 30 - std::ilogb(greatest + 1.0);
}

Candidate bounds_for(const Corners& corners, int64_t outer_multiplier, int64_t inner_multiplier, int shift) {
  Candidate c{outer_multiplier, inner_multiplier, INT32_MIN, INT32_MAX};
  for (const Corner& k : corners.at_least) {
    const int64_t linear = k.outer * outer_multiplier + k.inner * inner_multiplier;
    c.least_addend = std::max(c.least_addend, (k.level << shift) - linear);
  }
  for (const Corner& k : corners.below) {
    const int64_t linear = k.outer * outer_multiplier + k.inner * inner_multiplier;
    c.greatest_addend = std::min(c.greatest_addend, (k.level << shift) - 1 - linear);
  }
  return c;
}

Candidate best_near(const Corners& corners, const AddRule& rule, int shift) {
  const int64_t outer = std::llround(std::ldexp(double{rule.outer_ratio}, shift));
  const int64_t inner = std::llround(std::ldexp(double{rule.inner_ratio}, shift));
  Candidate best;
  for (int64_t a = std::max<int64_t>(outer - reach, 0); a <= outer + reach; ++a) {
    for (int64_t b = std::max<int64_t>(inner - reach, 0); b <= inner + reach; ++b) {
      const Candidate c = bounds_for(corners, a, b, shift);
      if (c.width() > best.width()) best = c;
    }
  }
  return best;
}

bool is_int32(int64_t value) { return value >= INT32_MIN && value <= INT32_MAX; }

}  // namespace

AddRule add_rule(QuantizedInput outer, QuantizedInput inner, QuantizedInput output, int32_t qmin,
                 int32_t qmax) {
  AddRule rule;
  rule.outer_ratio = outer.scale / output.scale;
  rule.inner_ratio = inner.scale / output.scale;
  // The library is compiled with contraction: the outer product is fused with the sum, the inner one is
  // rounded.
  const volatile float inner_product = rule.inner_ratio * static_cast<float>(inner.zero_point);
  const float sum = std::fma(rule.outer_ratio, static_cast<float>(outer.zero_point), inner_product);
  rule.fixed = static_cast<float>(output.zero_point) - sum;
  rule.qmin = qmin;
  rule.qmax = qmax;
  return rule;
}

bool qlinear_add_exchanges(std::span<const int64_t> a_shape, std::span<const int64_t> b_shape) {
  constexpr std::array<int64_t, 1> scalar{1};
  if (a_shape.empty()) a_shape = scalar;
  if (b_shape.empty()) b_shape = scalar;
  const std::size_t common = std::min(a_shape.size(), b_shape.size());
  for (std::size_t axis = 1; axis <= common; ++axis) {
    const int64_t a_dim = a_shape[a_shape.size() - axis];
    const int64_t b_dim = b_shape[b_shape.size() - axis];
    if (a_dim != 1 || b_dim != 1) return a_dim == 1;
  }
  return true;
}

int32_t reference(const AddRule& rule, int32_t outer, int32_t inner) {
  const float partial = std::fma(static_cast<float>(inner), rule.inner_ratio, rule.fixed);
  const float sum = std::fma(static_cast<float>(outer), rule.outer_ratio, partial);
  if (sum >= int32_end) return rule.qmin;  // CVTPS2DQ turns such a value into INT32_MIN
  const float low = static_cast<float>(rule.qmin);
  const float high = static_cast<float>(rule.qmax);
  return static_cast<int32_t>(std::lrint(std::min(std::max(sum, low), high)));
}

std::optional<AddForm> find_add_affine(const AddRule& rule, InputRange outer, InputRange inner) {
  return find_add_affine(
      rule, [&rule](int32_t a, int32_t b) { return reference(rule, a, b); }, outer, inner);
}

std::optional<AddForm> find_add_affine(const AddRule& rule, const PairFunction& same, InputRange outer,
                                       InputRange inner) {
  const auto shift = widest_shift(rule, outer, inner);
  if (!shift) return std::nullopt;
  // Multipliers within reach move a value by at most reach * 2 * 255 units, and the addend by as much again;
  // twice that leaves room for the width of the addend's interval. (A pair missed here would be caught by the
  // check.)
  const double margin = std::ldexp(8.0 * 256.0 * (reach + 1), -*shift);
  const Candidate best = best_near(close_corners(rule, same, outer, inner, margin), rule, *shift);
  if (best.width() < 0 || !is_int32(best.outer_multiplier) || !is_int32(best.inner_multiplier))
    return std::nullopt;
  const int64_t nearest = std::llround(std::ldexp(rule.fixed + 0.5, *shift));
  const int64_t addend = std::clamp(nearest, best.least_addend, best.greatest_addend);
  const AddForm form{static_cast<int32_t>(best.outer_multiplier), static_cast<int32_t>(best.inner_multiplier),
                     static_cast<int32_t>(addend), *shift};
  if (!proves_equal(form, rule, same, outer, inner)) return std::nullopt;
  return form;
}

bool proves_equal(const AddForm& form, const AddRule& rule, InputRange outer, InputRange inner) {
  return proves_equal(
      form, rule, [&rule](int32_t a, int32_t b) { return reference(rule, a, b); }, outer, inner);
}

bool proves_equal(const AddForm& form, const AddRule& rule, const PairFunction& same, InputRange outer,
                  InputRange inner) {
  if (form.shift < 0 || form.shift > 30) return false;
  bool equal = true;
  for_each_pair(outer, inner, [&](int32_t a, int32_t b) {
    const int64_t outer_product = int64_t{a} * form.outer_multiplier;
    const int64_t inner_product = int64_t{b} * form.inner_multiplier;
    const int64_t partial = outer_product + form.addend;
    const int64_t sum = partial + inner_product;
    const bool fits =
        is_int32(outer_product) && is_int32(inner_product) && is_int32(partial) && is_int32(sum);
    const int64_t y = std::clamp<int64_t>(sum >> form.shift, rule.qmin, rule.qmax);
    equal = equal && fits && y == same(a, b);
  });
  return equal;
}

AccumulatorRange product_range(InputRange a, int32_t a_zero_point, InputRange b, int32_t b_zero_point) {
  AccumulatorRange range{INT32_MAX, INT32_MIN};
  for (const int32_t da : {a.lo - a_zero_point, a.hi - a_zero_point}) {
    for (const int32_t db : {b.lo - b_zero_point, b.hi - b_zero_point}) {
      range.lo = std::min<int64_t>(range.lo, int64_t{da} * db);
      range.hi = std::max<int64_t>(range.hi, int64_t{da} * db);
    }
  }
  return range;
}

}  // namespace o2m
