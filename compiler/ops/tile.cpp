// Tile 6-13: x repeated along each axis a constant number of times.

#include "ops/int_list.hpp"
#include "ops/strided_copy.hpp"

namespace o2m {
namespace {

std::vector<std::int64_t> repeats_of(const Graph& graph, const Node& node, const Shape& in) {
  const auto repeats = int_list_input(graph, node, "repeats", 1);
  if (!repeats) refuse("repeats (input 1) is missing");
  if (repeats->size() != in.size())
    refuse("repeats has {} entries, x has {} dimensions", repeats->size(), in.size());
  for (const std::int64_t r : *repeats)
    if (r < 0 || r > std::int64_t{1} << 31)
      refuse("repeats {} has an entry outside 0 to 2^31", to_string(*repeats));
  return *repeats;
}

void infer(InferContext& c) {
  Shape out = c.shape(0);
  const auto repeats = repeats_of(c.graph, c.node, out);
  for (std::size_t d = 0; d < out.size(); ++d) out[d] *= repeats[d];
  c.set(0, c.type(0), std::move(out));
}

/// Two loops an axis: over the repetitions, which read the same elements, and over the elements.
StridedCopy copy_of(const Shape& in, const std::vector<std::int64_t>& repeats) {
  const auto steps = row_major_steps(in);
  StridedCopy copy;
  for (std::size_t d = 0; d < in.size(); ++d) {
    copy.loop(repeats[d], 0);
    copy.loop(in[d], steps[d]);
  }
  return copy;
}

void lower(LowerContext& c) {
  lower_strided_copy(c, copy_of(c.in_shape(0), repeats_of(c.graph, c.node, c.in_shape(0))));
}

std::vector<Tensor> eval(const Graph& graph, const Node& node, EvalInputs in) {
  const Shape& x = in[0]->shape;
  return {eval_strided_copy(*in[0], graph.shape(node.outputs[0]), copy_of(x, repeats_of(graph, node, x)))};
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_Tile){"", "Tile", infer, lower, eval};

}  // namespace o2m
