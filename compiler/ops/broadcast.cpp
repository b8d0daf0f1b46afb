#include "ops/broadcast.hpp"

#include "ops/eval_elementwise.hpp"
#include "ops/strided_copy.hpp"

namespace o2m {

void add_broadcast(Call& call, const Shape& a, const Shape& b, const Shape& y) {
  std::vector<std::int64_t> size = y, a_step = broadcast_strides(a, y), b_step = broadcast_strides(b, y);
  merge_loops(size, {&a_step, &b_step});
  call.params.push_back(param_ints("size", size));
  call.params.push_back(param_ints("a_step", a_step));
  call.params.push_back(param_ints("b_step", b_step));
  const std::int64_t count = element_count(y);
  if (element_count(a) == count) call.in_place.push_back({0, 0});
  if (element_count(b) == count) call.in_place.push_back({0, 1});
}

}  // namespace o2m
