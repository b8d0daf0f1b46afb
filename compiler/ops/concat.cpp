// Concat 4-13: inputs of one type, equal in all dimensions but `axis`, one behind the other along it.

#include "ops/lower.hpp"

namespace o2m {
namespace {

std::size_t axis_of(const Node& node, std::size_t rank) {
  if (!node.has_attr("axis")) refuse("attribute \"axis\" is missing");
  return normalize_axis(node.attr("axis", 0), rank);
}

void infer(InferContext& c) {
  Shape out = c.shape(0);
  const std::size_t axis = axis_of(c.node, out.size());
  for (std::size_t i = 1; i < c.input_count(); ++i) {
    const Shape& in = c.shape(i);
    Shape expected = out;
    if (in.size() == out.size()) expected[axis] = in[axis];
    if (in != expected)
      refuse("input {} has shape {}, which does not fit {} along axis {}", i, to_string(in),
             to_string(c.shape(0)), axis);
    if (c.type(i) != c.type(0))
      refuse("input {} is {}, input 0 {}", i, to_string(c.type(i)), to_string(c.type(0)));
    out[axis] += in[axis];
  }
  c.set(0, c.type(0), std::move(out));
}

/// Elements from `axis` on: what one input contributes to one round.
std::int64_t run_of(const Shape& shape, std::size_t axis) {
  return element_count({shape.begin() + static_cast<std::ptrdiff_t>(axis), shape.end()});
}

void lower(LowerContext& c) {
  const Shape& out = c.out_shape(0);
  const std::size_t axis = axis_of(c.node, out.size());
  std::vector<std::int64_t> run, start;
  std::vector<std::size_t> parts;
  std::int64_t total = 0;
  for (std::size_t i = 0; i < c.node.inputs.size(); ++i) {
    const std::int64_t length = run_of(c.in_shape(i), axis);
    if (length == 0) continue;
    parts.push_back(i);
    run.push_back(length);
    start.push_back(total);
    total += length;
  }
  if (parts.size() == 1 && !c.constant(parts[0])) return c.alias(0, parts[0]);
  Call call = c.call("concat", "concat.hpp");
  for (const std::size_t i : parts) call.reads.push_back(c.operand(i));
  call.writes = {c.output(0)};
  call.params = {
      param("outer", element_count({out.begin(), out.begin() + static_cast<std::ptrdiff_t>(axis)})),
      param("total", total), param_ints("run", run), param_ints("start", start)};
  c.add(std::move(call));
}

std::vector<Tensor> eval(const Graph& graph, const Node& node, EvalInputs in) {
  Tensor y = make_tensor(in[0]->type, graph.shape(node.outputs[0]));
  const std::size_t axis = axis_of(node, y.shape.size());
  const auto item = static_cast<std::size_t>(size_of(y.type));
  const std::size_t total = static_cast<std::size_t>(run_of(y.shape, axis)) * item;
  std::size_t start = 0;
  for (const Tensor* x : in) {
    const std::size_t run = static_cast<std::size_t>(run_of(x->shape, axis)) * item;
    for (std::size_t from = 0, to = start; from < x->bytes.size(); from += run, to += total)
      copy_bytes(y.bytes.data() + to, x->bytes.data() + from, run);
    start += run;
  }
  return {std::move(y)};
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_Concat){"", "Concat", infer, lower, eval};

}  // namespace o2m
