#include "ops/average_form.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "requantize/affine.hpp"

namespace o2m {
namespace {

constexpr double unit_roundoff = 0x1p-24;
constexpr std::int64_t most_sums = std::int64_t{1}
                                   << 24;  // a window of 65,000 cells; larger ones are not examined
constexpr int least_shift = 20;

/// Range of one cell's x - x_zero_point.
struct Cell {
  std::int64_t lo, hi;
  explicit Cell(const AverageRule& r) : lo(r.qmin - r.x_zero_point), hi(r.qmax - r.x_zero_point) {}
};

/// With few significant bits in the scale every product and every sum is exact.
bool sums_are_exact(const AverageRule& rule, std::int64_t cells) {
  int exponent = 0;
  auto significand = static_cast<std::int64_t>(std::ldexp(std::frexp(rule.x_scale, &exponent), 24));
  while (significand % 2 == 0) significand /= 2;
  return significand * cells * 255 < std::int64_t{1} << 24;
}

/// Upper bound of |float sum - x_scale * sum| over all orders and all cells that add up to `sum`: half an ulp
/// of each product and of each partial sum but the first.
double error_bound(const AverageRule& rule, std::int64_t cells, std::int64_t sum) {
  const Cell cell(rule);
  const double n = static_cast<double>(cells), total = static_cast<double>(sum);
  const double lo = static_cast<double>(cell.lo), hi = static_cast<double>(cell.hi);
  // The sum of the magnitudes is |sum| plus twice what cancels: p cells as large, the rest as small as
  // possible.
  const double p = (total - n * lo) / (hi - lo);
  const double cancelled = std::max(0.0, std::min((n - p) * -lo, p * hi));
  const double magnitudes = std::fabs(total) + 2 * cancelled;
  const double partial =
      std::fabs(total) + cancelled;  // no partial sum exceeds all cells of one sign together
  const double grown = 1 + (2 * n + 4) * unit_roundoff;  // computed partial sums instead of exact ones
  return unit_roundoff * rule.x_scale * (magnitudes + (n - 1) * partial * grown) * (1 + 1e-9);
}

struct Range {
  std::int32_t lo, hi;
};

/// The smallest and the largest result that any order of any cells with this sum can give.
Range possible_results(const AverageRule& rule, const AverageCount& count, std::int64_t sum, bool exact) {
  const double real = static_cast<double>(rule.x_scale) * static_cast<double>(sum);
  const double error = exact ? 0 : error_bound(rule, count.cells, sum);
  const float lo = static_cast<float>(real - error), hi = static_cast<float>(real + error);
  // Computed sums are floats within [real - error, real + error]; rounding outwards by one more is harmless.
  const float infinity = std::numeric_limits<float>::infinity();
  return {average_of(rule, exact ? lo : std::nextafter(lo, -infinity), count.divisor),
          average_of(rule, exact ? hi : std::nextafter(hi, infinity), count.divisor)};
}

struct Sums {
  std::int64_t lo, hi;
  Sums(const AverageRule& r, const AverageCount& c) : lo(Cell(r).lo * c.cells), hi(Cell(r).hi * c.cells) {}
};

bool is_sane(const AverageRule& rule, const AverageCount& count) {
  const Sums sums(rule, count);
  const double largest =
      std::max(std::fabs(static_cast<double>(sums.lo)), std::fabs(static_cast<double>(sums.hi))) *
      rule.x_scale;
  return sums.hi - sums.lo < most_sums && rule.x_scale > 0x1p-90F && largest < 0x1p90 &&
         largest / static_cast<double>(count.divisor) / rule.y_scale < 0x1p30;
}

double ratio_of(const AverageRule& rule, const AverageCount& count) {
  return static_cast<double>(rule.x_scale) / rule.y_scale / static_cast<double>(count.divisor);
}

/// The largest shift with every multiplier below 2^31, or nothing when that is too small to be of use.
std::optional<int> common_shift(const AverageRule& rule, const std::vector<AverageCount>& counts) {
  double largest = 0;
  for (const AverageCount& c : counts) {
    if (!is_sane(rule, c)) return std::nullopt;
    largest = std::max(largest, ratio_of(rule, c));
  }
  const int shift = std::min(AffineLimits{}.max_shift, 30 - std::ilogb(largest));
  return shift >= least_shift ? std::optional(shift) : std::nullopt;
}

/// An affine form that equals the single possible result of every sum, if every sum has a single one.
std::optional<AffineForm> find_proven(const AverageRule& rule, const AverageCount& count, int shift) {
  const Sums sums(rule, count);
  const bool exact = sums_are_exact(rule, count.cells);
  std::vector<std::int32_t> results;
  results.reserve(static_cast<std::size_t>(sums.hi - sums.lo + 1));
  for (std::int64_t sum = sums.lo; sum <= sums.hi; ++sum) {
    const Range r = possible_results(rule, count, sum, exact);
    if (r.lo != r.hi) return std::nullopt;
    results.push_back(r.lo);
  }
  const auto result_of = [&](std::int64_t sum) { return results[static_cast<std::size_t>(sum - sums.lo)]; };
  AffineLimits limits;
  limits.min_shift = limits.max_shift = shift;
  return find_affine(result_of, {sums.lo, sums.hi}, rule.qmin, rule.qmax, limits);
}

/// How far from a rounding boundary, in units of 2^-shift, lie the sums for which the form is not certain.
std::int64_t doubtful_distance(const AverageRule& rule, const AverageCount& count, const AffineForm& form) {
  const Sums sums(rule, count);
  const bool exact = sums_are_exact(rule, count.cells);
  const std::int64_t one = std::int64_t{1} << form.shift;
  std::int64_t furthest = 0;
  for (std::int64_t sum = sums.lo; sum <= sums.hi; ++sum) {
    const std::int64_t scaled = sum * form.multiplier + form.addend;
    const auto y = std::clamp<std::int64_t>(scaled >> form.shift, rule.qmin, rule.qmax);
    const Range r = possible_results(rule, count, sum, exact);
    if (r.lo == y && r.hi == y) continue;
    const std::int64_t fraction = scaled & (one - 1);
    furthest = std::max(furthest, std::min(fraction, one - fraction) + 1);
  }
  return furthest;
}

void append(AverageForm& out, const AffineForm& form) {
  out.multiplier.push_back(form.multiplier);
  out.addend.push_back(form.addend);
}

AverageForm nearest_form(const AverageRule& rule, const std::vector<AverageCount>& counts, int shift) {
  AverageForm out;
  out.shift = shift;
  for (const AverageCount& c : counts) {
    const auto multiplier =
        std::min<std::int64_t>(std::lrint(std::ldexp(ratio_of(rule, c), shift)), INT32_MAX);
    const AffineForm form{static_cast<std::int32_t>(multiplier),
                          (2 * std::int64_t{rule.y_zero_point} + 1) * (std::int64_t{1} << (shift - 1)),
                          shift};
    out.recheck = std::max(out.recheck, doubtful_distance(rule, c, form));
    append(out, form);
  }
  return out;
}

AverageForm always_float(std::size_t counts) {
  AverageForm out{std::vector<std::int32_t>(counts, 0),
                  std::vector<std::int64_t>(counts, 0),
                  32,
                  std::int64_t{1} << 31,
                  {}};
  out.description = "float sums in window order, no integer form";
  return out;
}

}  // namespace

std::int32_t average_of(const AverageRule& rule, float sum, std::int64_t divisor) {
  const float average =
      sum / static_cast<float>(divisor) / rule.y_scale + static_cast<float>(rule.y_zero_point);
  if (average >= 2147483648.0F) return rule.qmin;
  const float low = static_cast<float>(rule.qmin), high = static_cast<float>(rule.qmax);
  return static_cast<std::int32_t>(std::lrint(std::min(std::max(average, low), high)));
}

AverageForm find_average_form(const AverageRule& rule, const std::vector<AverageCount>& counts) {
  const auto shift = common_shift(rule, counts);
  if (!shift) return always_float(counts.size());
  AverageForm out;
  out.shift = *shift;
  out.description = fmt::format("affine, shift {}, proven for every sum of the cells in any order", *shift);
  for (const AverageCount& c : counts) {
    const auto form = find_proven(rule, c, *shift);
    if (!form) {
      out = nearest_form(rule, counts, *shift);
      if (out.recheck >= std::int64_t{1} << (*shift - 3)) return always_float(counts.size());
      out.description =
          fmt::format("affine, shift {}; float sums in window order within {:.2g} of a rounding boundary",
                      *shift, std::ldexp(static_cast<double>(out.recheck), -*shift));
      return out;
    }
    append(out, *form);
  }
  return out;
}

}  // namespace o2m
