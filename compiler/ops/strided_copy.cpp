#include "ops/strided_copy.hpp"

#include <fmt/ranges.h>

#include <algorithm>

namespace o2m {

std::vector<std::int64_t> row_major_steps(const Shape& shape) {
  std::vector<std::int64_t> steps(shape.size(), 1);
  for (std::size_t d = shape.size(); d-- > 1;) steps[d - 1] = steps[d] * shape[d];
  return steps;
}

void merge_loops(std::vector<std::int64_t>& size, const std::vector<std::vector<std::int64_t>*>& steps) {
  const auto erase = [&](std::size_t d) {
    size.erase(size.begin() + static_cast<std::ptrdiff_t>(d));
    for (auto* step : steps) step->erase(step->begin() + static_cast<std::ptrdiff_t>(d));
  };
  for (std::size_t d = size.size(); d-- > 0;)
    if (size[d] == 1) erase(d);
  for (std::size_t d = size.size(); d-- > 1;) {
    const bool walks_on = std::all_of(
        steps.begin(), steps.end(), [&](const auto* step) { return (*step)[d - 1] == (*step)[d] * size[d]; });
    if (!walks_on) continue;
    for (auto* step : steps) (*step)[d - 1] = (*step)[d];
    size[d - 1] *= size[d];
    erase(d);
  }
  if (!size.empty()) return;
  size = {1};
  for (auto* step : steps) *step = {1};
}

Tensor eval_strided_copy(const Tensor& x, Shape shape, const StridedCopy& copy) {
  Tensor y = make_tensor(x.type, std::move(shape));
  StridedCopy c = copy;
  merge_loops(c.size, {&c.step});
  std::int64_t run = size_of(x.type);  // bytes that lie side by side in both
  for (std::int64_t& step : c.step) step *= run;
  std::int64_t from = c.first * run;
  if (c.step.back() == run) {
    run *= c.size.back();
    c.size.pop_back();
  }
  std::vector<std::int64_t> at(c.size.size(), 0);
  for (auto to = y.bytes.begin(); to != y.bytes.end(); to += run) {
    std::memcpy(&*to, x.bytes.data() + from, static_cast<std::size_t>(run));
    for (std::size_t d = at.size(); d-- > 0;) {
      from += c.step[d];
      if (++at[d] < c.size[d]) break;
      from -= c.step[d] * c.size[d];
      at[d] = 0;
    }
  }
  return y;
}

void lower_strided_copy(LowerContext& c, StridedCopy copy) {
  merge_loops(copy.size, {&copy.step});
  const std::int64_t count = element_count(c.in_shape(0));
  const bool whole = copy.size.size() == 1 && copy.size[0] == count && copy.first == 0;
  if (whole && (copy.step[0] == 1 || count == 1)) return c.alias(0, 0);
  Call call = c.call("strided_copy", "strided_copy.hpp");
  call.reads = {c.operand(0)};
  call.writes = {c.output(0)};
  call.params = {param("loops", static_cast<std::int64_t>(copy.size.size())), param("first", copy.first),
                 param_ints("size", copy.size), param_ints("step", copy.step)};
  call.algorithm = fmt::format("copied in {} loop{} of {}", copy.size.size(),
                               copy.size.size() == 1 ? "" : "s", fmt::join(copy.size, " x "));
  c.add(std::move(call));
}

}  // namespace o2m
