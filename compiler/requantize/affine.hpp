// Integer requantization that is provably equal to a float rule: y = clamp((acc * multiplier + addend) >>
// shift). Both sides are monotone step functions of the accumulator, so they agree on a whole range iff their
// at most qmax - qmin breakpoints do. A breakpoint gives two linear inequalities in (multiplier, addend); the
// search below decides them exactly for every shift, so "no form" is a proof too.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "requantize/rule.hpp"

namespace o2m {

/// y = clamp((int64(acc) * multiplier + addend) >> shift, qmin, qmax), arithmetic shift, nothing overflows.
struct AffineForm {
  std::int32_t multiplier = 0;
  std::int64_t addend = 0;
  int shift = 0;

  friend bool operator==(const AffineForm&, const AffineForm&) = default;
};

/// What the target's instructions can encode. The default is a 64-bit multiply-accumulate (SMLAL) whose upper
/// word is shifted right.
struct AffineLimits {
  int min_shift = 32;
  int max_shift = 53;  // |level| << 53 stays within int64 for levels of up to 8 bits
  int multiplier_bits = 31;
  int addend_granularity_bits = 0;  // the addend is a multiple of 2^this …
  int addend_bits = 63;             // … and fits in this many bits, sign included
};

/// y = clamp((hi32(acc * multiplier) + c) >> n): SMMLA and SSAT on Cortex-M4 and M7. shift = 32 + n, addend =
/// c << 32.
inline constexpr AffineLimits smmla_limits{.min_shift = 32, .addend_granularity_bits = 32};

/// A monotone non-decreasing function of the accumulator with values within [qmin, qmax].
using MonotoneFunction = std::function<std::int32_t(std::int64_t)>;

/// The breakpoints of such a function, as corners (acc, level) of its staircase, reduced to those that can
/// bind a straight line (convex hulls, sorted by acc).
struct Staircase {
  struct Corner {
    std::int64_t acc;
    std::int64_t level;
  };
  std::vector<Corner> at_least;  // y(acc) >= level
  std::vector<Corner> below;     // y(acc) < level
};

Staircase find_staircase(const MonotoneFunction& reference, AccumulatorRange range, std::int32_t qmin,
                         std::int32_t qmax);

/// The form with the largest feasible shift within the limits, or nothing if there is none.
std::optional<AffineForm> find_affine(const Staircase& staircase, const AffineLimits& limits);

/// The same for a function on a range, checked with `proves_equal`.
std::optional<AffineForm> find_affine(const MonotoneFunction& reference, AccumulatorRange range,
                                      std::int32_t qmin, std::int32_t qmax, const AffineLimits& limits);

/// The independent check: takes the breakpoints of the form by division and evaluates both sides at and just
/// before each of them and at both ends of the range. Also proves that nothing overflows int64 before the
/// shift or int32 after it. That `reference` is monotone is the caller's part (see is_monotone).
bool proves_equal(const AffineForm& form, const MonotoneFunction& reference, AccumulatorRange range,
                  std::int32_t qmin, std::int32_t qmax);

}  // namespace o2m
