#include "host/compare.hpp"

#include <bit>
#include <cmath>
#include <limits>

#include "diagnostics.hpp"

namespace o2m {
namespace {

/// Floats in order of value as integers, so that a difference counts representable numbers in between.
std::int64_t ordered(float value) {
  const auto bits = std::bit_cast<std::int32_t>(value);
  return bits >= 0 ? bits : std::int64_t{std::numeric_limits<std::int32_t>::min()} - bits;
}

bool same_bits(const Tensor& a, const Tensor& b, std::size_t i, std::size_t item) {
  return std::memcmp(a.bytes.data() + i * item, b.bytes.data() + i * item, item) == 0;
}

double difference(double a, double e) {
  if (std::isnan(a) && std::isnan(e)) return 0;
  if (a == e) return 0;
  const double d = std::abs(a - e);
  return std::isnan(d) ? std::numeric_limits<double>::infinity() : d;
}

}  // namespace

Comparison compare(const Tensor& actual, const Tensor& expected, const Tolerance& tolerance) {
  if (actual.type != expected.type)
    refuse("the network gives {}, {} is expected", to_string(actual.type), to_string(expected.type));
  if (actual.bytes.size() != expected.bytes.size())
    refuse("the network gives shape {}, {} is expected", to_string(actual.shape), to_string(expected.shape));
  Comparison result;
  result.elements = actual.count();
  const bool real = is_float(actual.type);
  const auto item = static_cast<std::size_t>(size_of(actual.type));
  for (std::int64_t i = 0; i < result.elements; ++i) {
    const bool identical = same_bits(actual, expected, static_cast<std::size_t>(i), item) ||
                           (real && std::isnan(actual.real(i)) && std::isnan(expected.real(i)));
    if (identical) {
      ++result.identical;
      ++result.within;
      continue;
    }
    if (!result.first_difference) result.first_difference = i;
    const double a = actual.real(i), e = expected.real(i), d = difference(a, e);
    result.largest_difference = std::max(result.largest_difference, d);
    if (actual.type == DType::float32 && std::isfinite(a) && std::isfinite(e))
      result.largest_ulp = std::max(
          result.largest_ulp, std::abs(ordered(static_cast<float>(a)) - ordered(static_cast<float>(e))));
    if (!real)
      result.largest_steps =
          std::max(result.largest_steps, std::abs(actual.integer(i) - expected.integer(i)));
    if (!tolerance.exact() && d <= tolerance.absolute + tolerance.relative * std::abs(e)) ++result.within;
  }
  return result;
}

}  // namespace o2m
