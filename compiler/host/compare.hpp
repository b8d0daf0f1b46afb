// Golden comparison: element by element, in real values, in units in the last place, and in quantized steps.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "ir/tensor.hpp"

namespace o2m {

struct Tolerance {
  double relative = 0,
         absolute = 0;  ///< NumPy's allclose: |a - e| <= absolute + relative * |e|; NaN equals NaN
  bool exact() const { return relative == 0 && absolute == 0; }
};

struct Comparison {
  std::int64_t elements = 0, identical = 0, within = 0;  ///< within: identical or inside the tolerance
  double largest_difference = 0;                 ///< real value; infinity when one side is NaN or infinite
  std::int64_t largest_ulp = 0;                  ///< float32 only: units in the last place
  std::int64_t largest_steps = 0;                ///< integers: difference in quantized steps
  std::optional<std::int64_t> first_difference;  ///< flat index of the first element that is not identical
  bool passed() const { return within == elements; }
};

/// Both of the same type and element count (refused otherwise). Identical means the same bits, but that any
/// NaN equals any NaN; -0.0 and 0.0 differ.
Comparison compare(const Tensor& actual, const Tensor& expected, const Tolerance& tolerance);

}  // namespace o2m
