// The four ways to choose a range. All but min-max work on the histogram.

#include <algorithm>
#include <cmath>
#include <limits>

#include "quantize/calibrate.hpp"

namespace o2m {
namespace {

constexpr int levels = 256;

double total(const TensorStatistics& s) {
  double sum = 0;
  for (const std::int64_t n : s.histogram) sum += static_cast<double>(n);
  return sum;
}

Range percentile_range(const TensorStatistics& s, double percentile) {
  const double tail = total(s) * (1 - percentile / 100) / (s.low < 0 && s.high > 0 ? 2 : 1);
  std::size_t first = 0, last = s.histogram.size();
  for (double seen = 0; first < last && (seen += static_cast<double>(s.histogram[first])) <= tail;) ++first;
  for (double seen = 0; last > first && (seen += static_cast<double>(s.histogram[last - 1])) <= tail;) --last;
  return {std::min(0.0, s.low + static_cast<double>(first) * s.bin_width()),
          std::max(0.0, s.low + static_cast<double>(last) * s.bin_width())};
}

/// Mean squared error of rounding to 256 levels between low and high, and of clipping what lies outside.
double squared_error(const TensorStatistics& s, const Range& r) {
  const double step = (r.high - r.low) / (levels - 1), rounding = step * step / 12;
  double sum = 0;
  for (std::size_t i = 0; i < s.histogram.size(); ++i) {
    if (s.histogram[i] == 0) continue;
    const double v = s.low + (static_cast<double>(i) + 0.5) * s.bin_width();
    const double over = v < r.low ? r.low - v : v > r.high ? v - r.high : 0;
    sum += static_cast<double>(s.histogram[i]) * (over > 0 ? over * over : rounding);
  }
  return sum;
}

/// Divergence of the clipped distribution P from Q, which knows only the mean of the bins that share a level.
double divergence(const TensorStatistics& s, const Range& r) {
  const auto bin = [&](double v) {
    return static_cast<std::size_t>(std::lround((v - s.low) / s.bin_width()));
  };
  const std::size_t first = bin(r.low), last = std::min(bin(r.high), s.histogram.size());
  if (last <= first + levels) return std::numeric_limits<double>::infinity();
  std::vector<double> p(s.histogram.begin() + static_cast<std::ptrdiff_t>(first),
                        s.histogram.begin() + static_cast<std::ptrdiff_t>(last));
  std::vector<double> q = p;
  for (std::size_t i = 0; i < first; ++i) p.front() += static_cast<double>(s.histogram[i]);
  for (std::size_t i = last; i < s.histogram.size(); ++i) p.back() += static_cast<double>(s.histogram[i]);
  for (std::size_t level = 0; level < levels; ++level) {
    const std::size_t begin = level * q.size() / levels, end = (level + 1) * q.size() / levels;
    double sum = 0;
    std::ptrdiff_t used = 0;
    for (std::size_t i = begin; i < end; ++i) sum += q[i], used += q[i] > 0;
    for (std::size_t i = begin; i < end; ++i)
      if (q[i] > 0) q[i] = sum / static_cast<double>(used);
  }
  double q_total = 0, p_total = 0, sum = 0;
  for (const double v : q) q_total += v;
  for (const double v : p) p_total += v;
  constexpr double tiny = 1e-9;  // stands for an empty bin of Q that P uses
  for (std::size_t i = 0; i < p.size(); ++i)
    if (p[i] > 0) sum += p[i] / p_total * std::log(p[i] / p_total / std::max(q[i] / q_total, tiny));
  return sum;
}

/// Shrinks both ends by a common factor, then each by its own, and keeps the best.
template <class Cost>
Range search(const TensorStatistics& s, Cost cost) {
  const Range whole{s.low, s.high};
  Range best = whole;
  double least = cost(s, best);
  const auto attempt = [&](const Range& r) {
    const double c = cost(s, r);
    if (c < least) least = c, best = r;
  };
  constexpr int steps = 64;
  const auto part = [](int i) { return static_cast<double>(steps - i) / steps; };
  for (int i = 1; i < steps; ++i) attempt({whole.low * part(i), whole.high * part(i)});
  if (s.low == 0 || s.high == 0) return best;
  const Range start = best;
  for (int i = 1; i < steps / 2; ++i) attempt({start.low * part(i), start.high});
  const double low = best.low;
  for (int i = 1; i < steps / 2; ++i) attempt({low, start.high * part(i)});
  return best;
}

}  // namespace

std::string_view name_of(RangeMethod method) {
  switch (method) {
    case RangeMethod::minmax: return "minmax";
    case RangeMethod::percentile: return "percentile";
    case RangeMethod::entropy: return "entropy";
    case RangeMethod::mse: return "mse";
  }
  return "";
}

Range choose_range(const TensorStatistics& s, RangeMethod method, double percentile) {
  if (s.histogram.empty()) return {0, 0};
  if (method == RangeMethod::percentile) return percentile_range(s, percentile);
  if (method == RangeMethod::entropy) return search(s, divergence);
  if (method == RangeMethod::mse) return search(s, squared_error);
  return {s.low, s.high};
}

}  // namespace o2m
