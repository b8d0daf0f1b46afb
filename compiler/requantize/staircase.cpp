// Finds the breakpoints of a monotone requantizer with few evaluations and keeps those that can bind a line.
#include <algorithm>

#include "requantize/affine.hpp"

namespace o2m {
namespace {

/// The least acc in (low, high] with reference(acc) >= level, where reference(low) < level <=
/// reference(high): gallops away from the guess, then bisects.
std::int64_t least_reaching(const MonotoneFunction& reference, std::int32_t level, std::int64_t low,
                            std::int64_t high, std::int64_t guess) {
  guess = std::clamp(guess, low + 1, high);
  if (reference(guess) >= level) {
    high = guess;
    for (std::int64_t step = 1; high - step > low; step *= 2) {
      if (reference(high - step) < level) {
        low = high - step;
        break;
      }
      high -= step;
    }
  } else {
    low = guess;
    for (std::int64_t step = 1; low + step < high; step *= 2) {
      if (reference(low + step) >= level) {
        high = low + step;
        break;
      }
      low += step;
    }
  }
  while (high - low > 1) {
    const std::int64_t middle = low + (high - low) / 2;
    (reference(middle) >= level ? high : low) = middle;
  }
  return high;
}

/// Appends a corner of a convex chain; `side` is +1 for the upper hull, -1 for the lower one.
void push_convex(std::vector<Staircase::Corner>& hull, Staircase::Corner corner, int side) {
  while (hull.size() >= 2) {
    const Staircase::Corner& a = hull[hull.size() - 2];
    const Staircase::Corner& b = hull.back();
    const std::int64_t turn =
        (b.acc - a.acc) * (corner.level - a.level) - (corner.acc - a.acc) * (b.level - a.level);
    if (turn * side < 0) break;  // b lies strictly outside the chord a-corner: it can bind
    hull.pop_back();
  }
  hull.push_back(corner);
}

}  // namespace

Staircase find_staircase(const MonotoneFunction& reference, AccumulatorRange range, std::int32_t qmin,
                         std::int32_t qmax) {
  Staircase stairs;
  std::int32_t level = reference(range.lo);
  const std::int32_t last = reference(range.hi);
  if (level > qmin) push_convex(stairs.at_least, {range.lo, level}, +1);
  std::int64_t first_acc = range.lo;
  std::int32_t first_level = last;  // of the first breakpoint, once it is known
  std::int64_t acc = range.lo;
  while (level < last) {
    const std::int64_t guess = level > first_level ? first_acc + (level + 1 - first_level) *
                                                                     (acc - first_acc) / (level - first_level)
                                                   : acc + 1;
    const std::int64_t next = least_reaching(reference, level + 1, acc, range.hi, guess);
    push_convex(stairs.below, {next - 1, level + 1}, -1);
    level = reference(next);
    acc = next;
    push_convex(stairs.at_least, {acc, level}, +1);
    if (first_acc == range.lo) {
      first_acc = acc;
      first_level = level;
    }
  }
  if (last < qmax) push_convex(stairs.below, {range.hi, last + 1}, -1);
  return stairs;
}

}  // namespace o2m
