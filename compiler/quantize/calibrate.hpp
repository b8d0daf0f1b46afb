// Calibration: what values the tensors of a float graph take on samples, and which range of them to represent
// in 8 bits.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "ir/graph.hpp"

namespace o2m {

/// One float tensor per graph input.
using Sample = std::vector<Tensor>;
using ProgressReport = std::function<void(std::int64_t, std::int64_t)>;
/// Begins a phase of the work.
using NewProgress = std::function<ProgressReport(const std::string& what)>;

struct TensorStatistics {
  float low = 0, high = 0;              ///< least and greatest value seen; 0 always belongs to the range
  std::vector<std::int64_t> histogram;  ///< equal bins from low to high
  double bin_width() const {
    return (static_cast<double>(high) - static_cast<double>(low)) / static_cast<double>(histogram.size());
  }
};

/// One entry per value of the graph; what is no float tensor computed at run time stays empty. The result
/// does not depend on the number of threads. Refuses NaN and infinities.
std::vector<TensorStatistics> calibrate(const Graph& graph, const std::vector<Sample>& samples,
                                        const ProgressReport& progress);

enum class RangeMethod { minmax, percentile, entropy, mse };
inline constexpr RangeMethod range_methods[] = {RangeMethod::minmax, RangeMethod::percentile,
                                                RangeMethod::entropy, RangeMethod::mse};
std::string_view name_of(RangeMethod method);

struct Range {
  double low = 0, high = 0;  ///< low <= 0 <= high
};

/// minmax: all values seen. percentile: but the share 100 - `percentile` of the values, half of it at each
/// end. entropy: the Kullback-Leibler divergence between the values and their 256 levels is least. mse: the
/// mean squared error of rounding and clipping is least.
Range choose_range(const TensorStatistics& statistics, RangeMethod method, double percentile);

}  // namespace o2m
