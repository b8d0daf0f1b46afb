// Squeeze and Unsqueeze 1-25: dimensions of size 1 leave or enter. The axes are an attribute before opset 13.

#include <algorithm>

#include "ops/int_list.hpp"
#include "ops/reshape.hpp"

namespace o2m {
namespace {

void infer_squeeze(InferContext& c) {
  const Shape& in = c.shape(0);
  const auto given = int_list(c.graph, c.node, "axes", 1, 13);
  std::vector<bool> removed(in.size(), false);
  for (std::size_t d = 0; !given && d < in.size(); ++d) removed[d] = in[d] == 1;
  if (given)  // ONNX Runtime takes an axis given twice as once
    for (const std::int64_t axis : *given) removed[normalize_axis(axis, in.size())] = true;
  Shape out;
  for (std::size_t d = 0; d < in.size(); ++d) {
    if (removed[d] && in[d] != 1)
      refuse("axis {} of x {} cannot be removed, only one of size 1", d, to_string(in));
    if (!removed[d]) out.push_back(in[d]);
  }
  c.set(0, c.type(0), std::move(out));
}

void infer_unsqueeze(InferContext& c) {
  const Shape& in = c.shape(0);
  const auto given = required_int_list(c.graph, c.node, "axes", 1, 13);
  const auto axes = normalize_axes(given, in.size() + given.size());
  Shape out(in.size() + axes.size(), 0);
  for (const std::size_t axis : axes) out[axis] = 1;
  auto next = in.begin();
  for (std::size_t d = 0; d < out.size(); ++d)
    if (std::find(axes.begin(), axes.end(), d) == axes.end()) out[d] = *next++;
  c.set(0, c.type(0), std::move(out));
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_Squeeze){"", "Squeeze", infer_squeeze, lower_reshape, eval_reshape};
ONNX2MCU_DEFINE_OP(op_Unsqueeze){"", "Unsqueeze", infer_unsqueeze, lower_reshape, eval_reshape};

}  // namespace o2m
