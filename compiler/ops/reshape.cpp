// Reshape 5-25: the shape may hold one -1 (whatever remains) and zeros (the input's dimension, unless
// allowzero).

#include "ops/reshape.hpp"

#include <algorithm>

#include "ops/int_list.hpp"

namespace o2m {
namespace {

/// The target with its zeros replaced.
Shape with_copied_dims(const InferContext& c, Shape target) {
  const Shape& in = c.shape(0);
  const bool allow_zero = c.node.attr("allowzero", 0) != 0;
  const bool has_zero = std::find(target.begin(), target.end(), 0) != target.end();
  const auto unknown = std::count(target.begin(), target.end(), -1);
  if (allow_zero && has_zero && unknown)
    refuse("shape {} mixes 0 and -1 although allowzero is set", to_string(target));
  for (std::size_t i = 0; i < target.size(); ++i) {
    if (target[i] < -1) refuse("shape {} has a dimension below -1", to_string(target));
    if (target[i] != 0 || allow_zero) continue;
    if (i >= in.size())
      refuse("shape {} copies dimension {} of x, which has {}", to_string(target), i, in.size());
    target[i] = in[i];
  }
  if (unknown > 1) refuse("shape {} has more than one -1", to_string(target));
  return target;
}

void infer(InferContext& c) {
  const auto given = int_list_input(c.graph, c.node, "shape", 1);
  if (!given) refuse("shape (input 1) is missing");
  Shape shape = with_copied_dims(c, *given);
  const std::int64_t count = element_count(c.shape(0));
  const auto unknown = std::find(shape.begin(), shape.end(), -1);
  if (unknown != shape.end()) {
    *unknown = 1;
    const std::int64_t rest = element_count(shape);
    if (rest <= 0 || count % rest != 0)
      refuse("x {} cannot become {}: {} elements", to_string(c.shape(0)), to_string(*given), count);
    *unknown = count / rest;
  }
  if (element_count(shape) != count)
    refuse("x {} cannot become {}: {} elements", to_string(c.shape(0)), to_string(*given), count);
  c.set(0, c.type(0), std::move(shape));
}

}  // namespace

void lower_reshape(LowerContext& c) { c.alias(0, 0); }

std::vector<Tensor> eval_reshape(const Graph& graph, const Node& node, EvalInputs in) {
  Tensor y = *in[0];
  y.shape = graph.shape(node.outputs[0]);
  return {std::move(y)};
}

ONNX2MCU_DEFINE_OP(op_Reshape){"", "Reshape", infer, lower_reshape, eval_reshape};

}  // namespace o2m
