// Split 2-18: pieces along an axis. Their sizes are an attribute before opset 13, then an input; without them
// the pieces are equal, and from opset 18 on (num_outputs) the last may be smaller.

#include <numeric>

#include "ops/int_list.hpp"
#include "ops/lower.hpp"

namespace o2m {
namespace {

std::vector<std::int64_t> equal_pieces(const Graph& graph, const Node& node, std::int64_t size) {
  const auto outputs = static_cast<std::int64_t>(node.outputs.size());
  if (graph.opset() >= 18 && !node.has_attr("num_outputs"))
    refuse("it has neither input split nor num_outputs");
  const std::int64_t pieces = node.attr("num_outputs", outputs);
  if (pieces != outputs) refuse("num_outputs is {}, the node has {} outputs", pieces, outputs);
  if (pieces == 0 || pieces > size) refuse("{} elements cannot be split into {} pieces", size, pieces);
  const bool uneven = graph.opset() >= 18;
  const std::int64_t piece = (size + pieces - 1) / pieces, last = size - piece * (pieces - 1);
  if ((!uneven && last != piece) || last <= 0)
    refuse("{} elements do not divide into {} pieces", size, pieces);
  std::vector<std::int64_t> sizes(node.outputs.size(), piece);
  sizes.back() = last;
  return sizes;
}

std::vector<std::int64_t> pieces_of(const Graph& graph, const Node& node, std::int64_t size) {
  const auto given = int_list(graph, node, "split", 1, 13);
  if (!given) return equal_pieces(graph, node, size);
  if (given->size() != node.outputs.size())
    refuse("split has {} entries, the node has {} outputs", given->size(), node.outputs.size());
  std::int64_t left = size;
  for (const std::int64_t piece : *given) {
    if (piece < 0 || piece > left) refuse("split {} does not divide {} elements", to_string(*given), size);
    left -= piece;
  }
  if (left != 0) refuse("split {} does not divide {} elements", to_string(*given), size);
  return *given;
}

void infer(InferContext& c) {
  Shape shape = c.shape(0);
  const std::size_t axis = normalize_axis(c.node.attr("axis", 0), shape.size());
  const auto pieces = pieces_of(c.graph, c.node, shape[axis]);
  for (std::size_t o = 0; o < pieces.size(); ++o) {
    shape[axis] = pieces[o];
    c.set(o, c.type(0), shape);
  }
}

/// Elements before the axis, and behind one step along it.
struct Extent {
  std::int64_t outer, inner;
};

Extent around(const Shape& shape, std::size_t axis) {
  const auto at = shape.begin() + static_cast<std::ptrdiff_t>(axis);
  return {element_count({shape.begin(), at}), element_count({at + 1, shape.end()})};
}

void lower(LowerContext& c) {
  const Shape& in = c.in_shape(0);
  const std::size_t axis = normalize_axis(c.node.attr("axis", 0), in.size());
  const Extent extent = around(in, axis);
  const auto pieces = pieces_of(c.graph, c.node, in[axis]);
  if (pieces.size() == 1) return c.alias(0, 0);
  Call call = c.call("split", "split.hpp");
  call.reads = {c.operand(0)};
  std::vector<std::int64_t> run, start;
  std::int64_t at = 0;
  for (std::size_t o = 0; o < pieces.size(); ++o) {
    if (c.node.outputs[o] != ValueId::none) {
      call.writes.push_back(c.output(o));
      run.push_back(pieces[o] * extent.inner);
      start.push_back(at);
    }
    at += pieces[o] * extent.inner;
  }
  call.params = {param("outer", extent.outer), param("total", at), param_ints("run", run),
                 param_ints("start", start)};
  c.add(std::move(call));
}

std::vector<Tensor> eval(const Graph& graph, const Node& node, EvalInputs in) {
  const std::size_t axis = normalize_axis(node.attr("axis", 0), in[0]->shape.size());
  const Extent extent = around(in[0]->shape, axis);
  const auto pieces = pieces_of(graph, node, in[0]->shape[axis]);
  const auto item = static_cast<std::int64_t>(size_of(in[0]->type)) * extent.inner;
  std::vector<Tensor> outputs;
  std::int64_t start = 0;
  for (const std::int64_t piece : pieces) {
    Shape shape = in[0]->shape;
    shape[axis] = piece;
    Tensor y = make_tensor(in[0]->type, std::move(shape));
    for (std::int64_t o = 0; o < extent.outer; ++o)
      copy_bytes(y.bytes.data() + o * piece * item,
                 in[0]->bytes.data() + (o * in[0]->shape[axis] + start) * item,
                 static_cast<std::size_t>(piece * item));
    outputs.push_back(std::move(y));
    start += piece;
  }
  return outputs;
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_Split){"", "Split", infer, lower, eval};

}  // namespace o2m
