// Decides, for each shift, whether integers (multiplier M, addend C) exist that put a line between the two
// corner sets of a staircase: M * acc + C >= level << shift at the lower corners, < level << shift at the
// upper ones. For a fixed M the feasible C form an interval whose width is a concave function of M.
#include "requantize/affine.hpp"

#include <algorithm>

namespace o2m {
namespace {

using std::int64_t;

struct Interval {
  int64_t lo;
  int64_t hi;
};

/// A bound on the addend and the accumulator of the corner that sets it; as M grows it moves by -acc.
struct Bound {
  int64_t addend;
  int64_t acc;
};

/// The inequalities at one shift. Magnitudes: |M * acc| < 2^62, |level << shift| <= 2^61, |C| <= 2^62.
struct Problem {
  const Staircase& stairs;
  const AffineLimits& limits;
  int shift;

  int64_t max_multiplier() const { return (int64_t{1} << limits.multiplier_bits) - 1; }
  int64_t max_addend() const { return (int64_t{1} << (std::min(limits.addend_bits, 63) - 1)) - 1; }
  int64_t min_addend() const { return -max_addend() - 1; }
};

int64_t floor_div(int64_t a, int64_t b) {
  const int64_t q = a / b;
  return a % b != 0 && (a < 0) != (b < 0) ? q - 1 : q;
}

int64_t ceil_div(int64_t a, int64_t b) { return -floor_div(-a, b); }

Bound least_addend(const Problem& p, int64_t multiplier) {
  Bound best{p.min_addend(), 0};
  for (const Staircase::Corner& c : p.stairs.at_least) {
    const int64_t addend = (c.level << p.shift) - multiplier * c.acc;
    if (addend > best.addend || (addend == best.addend && c.acc < best.acc)) best = {addend, c.acc};
  }
  return best;
}

Bound greatest_addend(const Problem& p, int64_t multiplier) {
  Bound best{p.max_addend(), 0};
  for (const Staircase::Corner& c : p.stairs.below) {
    const int64_t addend = (c.level << p.shift) - 1 - multiplier * c.acc;
    if (addend < best.addend || (addend == best.addend && c.acc > best.acc)) best = {addend, c.acc};
  }
  return best;
}

/// The least multiplier at which the width of the addend interval stops growing; the widest integer one is
/// this or the one before it.
int64_t turning_multiplier(const Problem& p) {
  const auto grows = [&](int64_t m) { return least_addend(p, m).acc > greatest_addend(p, m).acc; };
  int64_t low = -1;
  int64_t high = p.max_multiplier();
  if (grows(high)) return high;
  while (high - low > 1) {
    const int64_t middle = low + (high - low) / 2;
    (grows(middle) ? low : high) = middle;
  }
  return high;
}

/// The multipliers that are feasible with one addend; empty when lo > hi, and hi + 1 < lo only if not even a
/// real multiplier exists.
Interval multipliers_for(const Problem& p, int64_t addend) {
  Interval m{0, p.max_multiplier()};
  constexpr Interval none{1, -1};
  for (const Staircase::Corner& c : p.stairs.at_least) {  // M * acc >= need
    const int64_t need = (c.level << p.shift) - addend;
    if (c.acc > 0) m.lo = std::max(m.lo, ceil_div(need, c.acc));
    if (c.acc < 0) m.hi = std::min(m.hi, floor_div(need, c.acc));
    if (c.acc == 0 && need > 0) return none;
  }
  for (const Staircase::Corner& c : p.stairs.below) {  // M * acc <= room
    const int64_t room = (c.level << p.shift) - 1 - addend;
    if (c.acc > 0) m.hi = std::min(m.hi, floor_div(room, c.acc));
    if (c.acc < 0) m.lo = std::max(m.lo, ceil_div(room, c.acc));
    if (c.acc == 0 && room < 0) return none;
  }
  return m;
}

/// Coarse addends: walks over the permitted ones up and down from the middle of the widest interval. The
/// feasible region is convex, so a walk in one direction ends at the first addend without even a real
/// multiplier.
std::optional<AffineForm> search_addends(const Problem& p, int64_t middle) {
  constexpr int max_steps = 256;
  const int64_t unit = int64_t{1} << p.limits.addend_granularity_bits;
  const auto walk = [&](int64_t addend, int64_t step) -> std::optional<AffineForm> {
    for (int i = 0; i < max_steps && addend >= p.min_addend() && addend <= p.max_addend();
         ++i, addend += step) {
      const Interval m = multipliers_for(p, addend);
      if (m.lo <= m.hi)
        return AffineForm{static_cast<std::int32_t>(m.lo + (m.hi - m.lo) / 2), addend, p.shift};
      if (m.hi + 1 < m.lo) break;
    }
    return std::nullopt;
  };
  const int64_t start = floor_div(middle, unit) * unit;
  if (auto form = walk(start, -unit)) return form;
  return walk(start + unit, unit);
}

/// `hopeless` is set when no smaller shift can succeed either: an optimum inside the bounds that is
/// infeasible over the integers of this shift is infeasible on every coarser lattice.
std::optional<AffineForm> solve(const Problem& p, bool& hopeless) {
  const int64_t turning = turning_multiplier(p);
  hopeless = turning < p.max_multiplier() && p.limits.addend_bits >= 63;
  for (const int64_t multiplier : {turning, std::max<int64_t>(turning - 1, 0)}) {
    const int64_t least = least_addend(p, multiplier).addend;
    const int64_t greatest = greatest_addend(p, multiplier).addend;
    if (least > greatest) continue;
    hopeless = false;
    const int64_t middle = least + (greatest / 2 - least / 2);
    if (p.limits.addend_granularity_bits == 0) {
      return AffineForm{static_cast<std::int32_t>(multiplier), middle, p.shift};
    }
    if (auto form = search_addends(p, middle)) return form;
  }
  return std::nullopt;
}

}  // namespace

std::optional<AffineForm> find_affine(const Staircase& stairs, const AffineLimits& limits) {
  for (int shift = limits.max_shift; shift >= limits.min_shift; --shift) {
    bool hopeless = false;
    if (auto form = solve({stairs, limits, shift}, hopeless)) return form;
    if (hopeless) break;
  }
  return std::nullopt;
}

std::optional<AffineForm> find_affine(const MonotoneFunction& reference, AccumulatorRange range,
                                      std::int32_t qmin, std::int32_t qmax, const AffineLimits& limits) {
  if (range.lo > range.hi || range.lo < INT32_MIN || range.hi > INT32_MAX) return std::nullopt;
  const auto form = find_affine(find_staircase(reference, range, qmin, qmax), limits);
  if (form && !proves_equal(*form, reference, range, qmin, qmax)) return std::nullopt;
  return form;
}

}  // namespace o2m
