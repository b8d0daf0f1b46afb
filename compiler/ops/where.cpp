// Where 9-16: y = condition ? x : y, all three broadcast.

#include "ops/eval_elementwise.hpp"
#include "ops/strided_copy.hpp"

namespace o2m {
namespace {

void infer(InferContext& c) {
  if (c.type(0) != DType::boolean) refuse("the condition is {}, expected bool", to_string(c.type(0)));
  if (c.type(1) != c.type(2))
    refuse("the inputs are {} and {}, expected one type", to_string(c.type(1)), to_string(c.type(2)));
  c.set(0, c.type(1), broadcast(broadcast(c.shape(0), c.shape(1)), c.shape(2)));
}

void lower(LowerContext& c) {
  const Shape& out = c.out_shape(0);
  std::vector<std::int64_t> size = out, steps[3];
  for (std::size_t i = 0; i < 3; ++i) steps[i] = broadcast_strides(c.in_shape(i), out);
  merge_loops(size, {&steps[0], &steps[1], &steps[2]});
  Call call = c.call("where", "where.hpp");
  call.reads = {c.operand(0), c.operand(1), c.operand(2)};
  call.writes = {c.output(0)};
  for (const int i : {1, 2})
    if (c.in_shape(static_cast<std::size_t>(i)) == out) call.in_place.push_back({0, i});
  call.params = {param("loops", static_cast<std::int64_t>(size.size())), param_ints("size", size),
                 param_ints("c_step", steps[0]), param_ints("a_step", steps[1]),
                 param_ints("b_step", steps[2])};
  c.add(std::move(call));
}

std::vector<Tensor> eval(const Graph& graph, const Node& node, EvalInputs in) {
  const Shape& out = graph.shape(node.outputs[0]);
  const auto spread = [&](std::size_t i) {
    return eval_strided_copy(*in[i], out, {out, broadcast_strides(in[i]->shape, out), 0});
  };
  const Tensor condition = spread(0), x = spread(1);
  Tensor y = spread(2);
  const auto item = static_cast<std::size_t>(size_of(y.type));
  for (std::size_t i = 0; i < condition.bytes.size(); ++i)
    if (condition.bytes[i] != std::byte{0})
      std::memcpy(y.bytes.data() + i * item, x.bytes.data() + i * item, item);
  return {std::move(y)};
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_Where){"", "Where", infer, lower, eval};

}  // namespace o2m
