// Transpose 1-25: dimension i of the output is dimension perm[i] of the input; reversed by default.

#include "ops/int_list.hpp"
#include "ops/strided_copy.hpp"

namespace o2m {
namespace {

std::vector<std::size_t> perm_of(const Node& node, std::size_t rank) {
  const auto given = node.attr_ints("perm");
  std::vector<std::size_t> perm(rank);
  for (std::size_t i = 0; i < rank; ++i) perm[i] = rank - 1 - i;
  if (!given) return perm;
  if (given->size() != rank) refuse("perm has {} entries, x has {} dimensions", given->size(), rank);
  for (const std::int64_t p : *given)
    if (p < 0) refuse("perm holds {}, expected 0 to {}", p, rank - 1);
  return normalize_axes(*given, rank);
}

StridedCopy copy_of(const Node& node, const Shape& in) {
  const auto steps = row_major_steps(in);
  StridedCopy copy;
  for (const std::size_t p : perm_of(node, in.size())) copy.loop(in[p], steps[p]);
  return copy;
}

void infer(InferContext& c) { c.set(0, c.type(0), copy_of(c.node, c.shape(0)).size); }

void lower(LowerContext& c) { lower_strided_copy(c, copy_of(c.node, c.in_shape(0))); }

std::vector<Tensor> eval(const Graph&, const Node& node, EvalInputs in) {
  const StridedCopy copy = copy_of(node, in[0]->shape);
  return {eval_strided_copy(*in[0], copy.size, copy)};
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_Transpose){"", "Transpose", infer, lower, eval};

}  // namespace o2m
