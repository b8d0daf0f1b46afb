// Moving elements without computing: the output is written in order, the input read at a regular distance
// along each loop. Transpose, Slice, Expand, Tile, DepthToSpace and Gather of evenly spaced indices are all
// of this form.
#pragma once

#include <vector>

#include "ops/lower.hpp"

namespace o2m {

/// y[…] = x[first + sum of i[d] * step[d]] for i[d] in [0, size[d]), outermost loop first. Steps may be 0 or
/// negative.
struct StridedCopy {
  std::vector<std::int64_t> size;
  std::vector<std::int64_t> step;  ///< in elements, one per loop
  std::int64_t first = 0;

  void loop(std::int64_t loop_size, std::int64_t loop_step) {
    size.push_back(loop_size);
    step.push_back(loop_step);
  }
};

/// Distance in elements between neighbours along each dimension of a row-major tensor.
std::vector<std::int64_t> row_major_steps(const Shape& shape);

/// Without loops of one round, and with loops merged where one walks on where the other ends; at least one
/// loop. `steps`: any number of step lists over the same loops; two loops merge only if they do in all of
/// them.
void merge_loops(std::vector<std::int64_t>& size, const std::vector<std::vector<std::int64_t>*>& steps);

Tensor eval_strided_copy(const Tensor& x, Shape shape, const StridedCopy& copy);

/// Output 0 is made from input 0; an alias where the copy would move nothing.
void lower_strided_copy(LowerContext& c, StridedCopy copy);

}  // namespace o2m
