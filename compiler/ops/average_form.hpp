// QLinearAveragePool in integers. ONNX Runtime adds dequantized floats in window order, so for one integer
// sum of the cells several results may be possible. Error bounds give the interval of all possible float
// sums; where both its ends round to the same value, that value is the result whatever the order. The other
// sums are left to a recheck.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace o2m {

struct AverageRule {
  float x_scale = 1, y_scale = 1;
  std::int32_t x_zero_point = 0, y_zero_point = 0;
  std::int32_t qmin = 0, qmax = 255;  ///< of x's and y's type
};

/// `cells` values are added and divided by `divisor`; a smaller number of cells with the same divisor is
/// covered.
struct AverageCount {
  std::int64_t cells, divisor;
};

/// y = clamp((sum * multiplier[i] + addend[i]) >> shift) for count i, unless the fraction that the shift cuts
/// off is within `recheck` of a rounding boundary.
struct AverageForm {
  std::vector<std::int32_t> multiplier;
  std::vector<std::int64_t> addend;
  int shift = 32;
  std::int64_t recheck = 0;  ///< 0: proven for every sum; 2^(shift-1): no sum is proven
  std::string description;   ///< for the report
};

AverageForm find_average_form(const AverageRule& rule, const std::vector<AverageCount>& counts);

/// What ONNX Runtime makes of a float sum: a monotone function, but for sums so large that the result leaves
/// int32.
std::int32_t average_of(const AverageRule& rule, float sum, std::int64_t divisor);

}  // namespace o2m
