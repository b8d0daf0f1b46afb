// Flatten 1-25: two dimensions, those before `axis` and those from it on. Negative axes came with opset 11.

#include "ops/reshape.hpp"

namespace o2m {
namespace {

void infer(InferContext& c) {
  const Shape& in = c.shape(0);
  const auto rank = static_cast<std::int64_t>(in.size());
  const std::int64_t given = c.node.attr("axis", 1);
  const std::int64_t least = c.graph.opset() < 11 ? 0 : -rank;
  if (given < least || given > rank) refuse("axis {} is outside [{}, {}]", given, least, rank);
  const auto split = in.begin() + (given < 0 ? given + rank : given);
  c.set(0, c.type(0), {element_count({in.begin(), split}), element_count({split, in.end()})});
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_Flatten){"", "Flatten", infer, lower_reshape, eval_reshape};

}  // namespace o2m
