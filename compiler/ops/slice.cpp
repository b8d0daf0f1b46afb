// Slice 1-13: along each axis from start to end (exclusive) in steps, which may be negative; ends beyond the
// axis are clamped. Attributes before opset 10, then constant inputs.

#include <algorithm>

#include "ops/int_list.hpp"
#include "ops/strided_copy.hpp"

namespace o2m {
namespace {

struct Range {
  std::int64_t first, step, count;
};

/// ONNX: a negative place counts from the end; then start is clamped to [0, size] or, walking backwards, [0,
/// size - 1], end to [0, size] or [-1, size - 1]. The largest int32 or int64 as end is no end, in both
/// directions (slice_helper.h).
Range range_of(std::int64_t start, std::int64_t end, std::int64_t step, std::int64_t size) {
  if (step == 0) refuse("a step is 0");
  const bool forward = step > 0;
  if (!forward && (end == INT32_MAX || end == INT64_MAX)) end = INT64_MIN;
  if (start < 0) start += size;
  if (end < 0) end += size;
  start = std::clamp<std::int64_t>(start, 0, std::max<std::int64_t>(forward ? size : size - 1, 0));
  end = forward ? std::clamp<std::int64_t>(end, 0, size) : std::clamp<std::int64_t>(end, -1, size - 1);
  const std::int64_t length = forward ? end - start : start - end;
  if (length <= 0) return {0, 1, 0};
  const std::int64_t stride = step == INT64_MIN ? INT64_MAX : std::abs(step);
  const std::int64_t count = (length - 1) / stride + 1;
  return {start, count == 1 ? 1 : step, count};
}

std::vector<Range> ranges_of(const Graph& graph, const Node& node, const Shape& in) {
  const auto starts = required_int_list(graph, node, "starts", 1, 10);
  const auto ends = required_int_list(graph, node, "ends", 2, 10);
  const auto given_axes = int_list(graph, node, "axes", 3, 10);
  const auto given_steps = int_list(graph, node, "steps", 4, 10);
  std::vector<std::int64_t> axes(starts.size()), steps(starts.size(), 1);
  for (std::size_t i = 0; i < axes.size(); ++i) axes[i] = static_cast<std::int64_t>(i);
  if (given_axes) axes = *given_axes;
  if (given_steps && graph.opset() >= 10) steps = *given_steps;
  if (ends.size() != starts.size() || axes.size() != starts.size() || steps.size() != starts.size())
    refuse("starts, ends, axes and steps have {}, {}, {} and {} entries, expected the same number",
           starts.size(), ends.size(), axes.size(), steps.size());
  std::vector<Range> ranges;
  for (const std::int64_t size : in) ranges.push_back({0, 1, size});
  const auto normal = normalize_axes(axes, in.size());
  for (std::size_t i = 0; i < normal.size(); ++i)
    ranges[normal[i]] = range_of(starts[i], ends[i], steps[i], in[normal[i]]);
  return ranges;
}

StridedCopy copy_of(const Graph& graph, const Node& node, const Shape& in) {
  const auto ranges = ranges_of(graph, node, in);
  const auto steps = row_major_steps(in);
  StridedCopy copy;
  for (std::size_t d = 0; d < in.size(); ++d) {
    copy.loop(ranges[d].count, ranges[d].step * steps[d]);
    copy.first += ranges[d].first * steps[d];
  }
  return copy;
}

void infer(InferContext& c) { c.set(0, c.type(0), copy_of(c.graph, c.node, c.shape(0)).size); }

void lower(LowerContext& c) { lower_strided_copy(c, copy_of(c.graph, c.node, c.in_shape(0))); }

std::vector<Tensor> eval(const Graph& graph, const Node& node, EvalInputs in) {
  const StridedCopy copy = copy_of(graph, node, in[0]->shape);
  return {eval_strided_copy(*in[0], copy.size, copy)};
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_Slice){"", "Slice", infer, lower, eval};

}  // namespace o2m
