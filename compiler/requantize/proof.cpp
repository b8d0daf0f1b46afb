// The checker of affine forms. It shares no code with the search: it starts from the form's own breakpoints.
#include <algorithm>

#include "requantize/affine.hpp"

namespace o2m {
namespace {

using std::int64_t;

/// acc * multiplier + addend, or nothing when it leaves int64 or its shifted value leaves int32.
std::optional<int64_t> shifted_value(const AffineForm& form, int64_t acc) {
  int64_t product = 0;
  int64_t sum = 0;
  if (__builtin_mul_overflow(acc, int64_t{form.multiplier}, &product)) return std::nullopt;
  if (__builtin_add_overflow(product, form.addend, &sum)) return std::nullopt;
  const int64_t shifted = sum >> form.shift;
  if (shifted < INT32_MIN || shifted > INT32_MAX) return std::nullopt;
  return shifted;
}

/// The least acc with (acc * multiplier + addend) >> shift >= level: ((level << shift) - addend) /
/// multiplier, rounded up. Nothing if that leaves int64.
std::optional<int64_t> breakpoint(const AffineForm& form, int64_t level) {
  int64_t raised = 0;
  int64_t distance = 0;
  if (__builtin_mul_overflow(level, int64_t{1} << form.shift, &raised)) return std::nullopt;
  if (__builtin_sub_overflow(raised, form.addend, &distance)) return std::nullopt;
  if (form.multiplier == 0) return std::nullopt;        // a constant has no breakpoints
  const int64_t quotient = distance / form.multiplier;  // truncates: up already for a negative distance
  return distance > 0 && distance % form.multiplier != 0 ? quotient + 1 : quotient;
}

}  // namespace

bool proves_equal(const AffineForm& form, const MonotoneFunction& reference, AccumulatorRange range,
                  std::int32_t qmin, std::int32_t qmax) {
  if (range.lo > range.hi || range.lo < INT32_MIN || range.hi > INT32_MAX) return false;
  if (form.multiplier < 0 || form.shift < 0 || form.shift > 62) return false;
  // A non-negative multiplier makes the form monotone, so both ends bound everything in between.
  const auto first = shifted_value(form, range.lo);
  const auto last = shifted_value(form, range.hi);
  if (!first || !last) return false;
  const int64_t first_level = std::clamp<int64_t>(*first, qmin, qmax);
  const int64_t last_level = std::clamp<int64_t>(*last, qmin, qmax);
  if (reference(range.lo) != first_level || reference(range.hi) != last_level) return false;

  for (int64_t level = first_level + 1; level <= last_level; ++level) {
    const auto acc = breakpoint(form, level);
    if (!acc || *acc <= range.lo || *acc > range.hi) return false;
    const auto at = shifted_value(form, *acc);
    const auto before = shifted_value(form, *acc - 1);
    if (!at || !before || *at < level || *before >= level) return false;
    if (reference(*acc) < level || reference(*acc - 1) >= level) return false;
  }
  return true;
}

}  // namespace o2m
