// ReduceSum, ReduceMean, ReduceMax, ReduceMin, ReduceProd, ReduceL1, ReduceL2, ReduceSumSquare, ReduceLogSum
// and ReduceLogSumExp. Axes are an attribute up to opset 17 (ReduceSum: 12), an input from then on.

#include "onnx2mcu/reduce.hpp"

#include <algorithm>

#include "ops/estimate.hpp"
#include "ops/eval_elementwise.hpp"
#include "ops/int_list.hpp"
#include "ops/strided_copy.hpp"

namespace o2m {
namespace {

/// Which dimensions are reduced; none if the node is a mere copy (noop_with_empty_axes).
std::vector<bool> reduced_dims(const Graph& graph, const Node& node, std::size_t rank) {
  const auto axes = int_list(graph, node, "axes", 1, node.is("ReduceSum") ? 13 : 18);
  if (!axes || axes->empty()) return std::vector<bool>(rank, node.attr("noop_with_empty_axes", 0) == 0);
  std::vector<bool> reduced(rank, false);
  for (const std::size_t axis : normalize_axes(*axes, rank)) reduced[axis] = true;
  return reduced;
}

Shape output_shape(const Node& node, const Shape& shape, const std::vector<bool>& reduced) {
  const bool keep = node.attr("keepdims", 1) != 0;
  Shape out;
  for (std::size_t d = 0; d < shape.size(); ++d)
    if (!reduced[d] || keep) out.push_back(reduced[d] ? 1 : shape[d]);
  return out;
}

void infer(InferContext& c) {
  const DType type = c.type(0);
  const bool comparison = c.node.is("ReduceMax") || c.node.is("ReduceMin");
  const bool integers = c.node.op_type.rfind("ReduceLog", 0) != 0 && !c.node.is("ReduceL2");
  if (type != DType::float32 && !(integers && is_integer(type)) && !(comparison && type == DType::boolean))
    refuse("x is {}, only float32{} is supported", to_string(type), integers ? " and integers" : "");
  c.set(0, type, output_shape(c.node, c.shape(0), reduced_dims(c.graph, c.node, c.shape(0).size())));
}

/// The loops over what is kept and, inside, over what is reduced, outermost first.
struct Loops {
  std::vector<std::int64_t> kept, kept_step, reduced, reduced_step;
};

Loops loops_of(const Shape& shape, const std::vector<bool>& reduced) {
  Loops loops;
  const auto steps = row_major_steps(shape);
  for (std::size_t d = 0; d < shape.size(); ++d) {
    (reduced[d] ? loops.reduced : loops.kept).push_back(shape[d]);
    (reduced[d] ? loops.reduced_step : loops.kept_step).push_back(steps[d]);
  }
  merge_loops(loops.kept, {&loops.kept_step});
  merge_loops(loops.reduced, {&loops.reduced_step});
  return loops;
}

/// Neighbouring dimensions of one kind seen as one: "R", "KR", "KRK", …; dimensions of size 1 count.
std::string pattern_of(const std::vector<bool>& reduced) {
  std::string pattern;
  for (const bool r : reduced)
    if (pattern.empty() || (pattern.back() == 'R') != r) pattern += r ? 'R' : 'K';
  return pattern;
}

/// Product of the dimensions before the first one of the other kind.
std::int64_t leading_extent(const Shape& shape, const std::vector<bool>& reduced, std::size_t from = 0) {
  std::int64_t extent = 1;
  for (std::size_t d = from; d < shape.size() && reduced[d] == reduced[from]; ++d) extent *= shape[d];
  return extent;
}

/// ONNX Runtime's order of a float sum (reduction_ops.cc); the orders themselves are in float_reduce.hpp.
onnx2mcu::ReduceOrder sum_order(const Shape& shape, const std::vector<bool>& reduced) {
  const std::string pattern = pattern_of(reduced);
  if (pattern == "R" || pattern == "KR") return onnx2mcu::ReduceOrder::packets;
  if (pattern == "KRK" && leading_extent(shape, reduced) > 1) return onnx2mcu::ReduceOrder::fours;
  const auto kept =
      static_cast<std::size_t>(std::find(reduced.begin(), reduced.end(), false) - reduced.begin());
  if (pattern == "RKR" && leading_extent(shape, reduced, kept) > 1) return onnx2mcu::ReduceOrder::packet_runs;
  return onnx2mcu::ReduceOrder::in_order;
}

const char* name_of(onnx2mcu::ReduceOrder order) {
  switch (order) {
    case onnx2mcu::ReduceOrder::packets: return "packets";
    case onnx2mcu::ReduceOrder::packet_runs: return "packet_runs";
    case onnx2mcu::ReduceOrder::fours: return "fours";
    default: return "in_order";
  }
}

/// The kernel, and for sums the order, by operator and axes.
std::pair<std::string, onnx2mcu::ReduceOrder> kernel_of(const LowerContext& c,
                                                        const std::vector<bool>& reduced) {
  using Order = onnx2mcu::ReduceOrder;
  const Shape& shape = c.in_shape(0);
  if (c.node.is("ReduceLogSumExp")) return {"reduce_log_sum_exp", Order::in_order};
  if (c.in(0).type != DType::float32 || element_count(shape) == 0) return {"reduce", Order::in_order};
  if (c.node.is("ReduceSum") || c.node.is("ReduceMean")) {
    const Order order = sum_order(shape, reduced);
    return {order == Order::in_order ? "reduce" : "reduce_sum", order};
  }
  const bool ordered = !c.node.is("ReduceMax") && !c.node.is("ReduceMin");
  return {ordered && pattern_of(reduced) == "R" ? "reduce_all" : "reduce", Order::in_order};
}

/// Without anything to reduce these still are functions of each element.
bool maps_elements(const Node& node) {
  return node.is("ReduceL1") || node.is("ReduceL2") || node.is("ReduceSumSquare") || node.is("ReduceLogSum");
}

void lower(LowerContext& c) {
  const Shape& shape = c.in_shape(0);
  const std::vector<bool> reduced = reduced_dims(c.graph, c.node, shape.size());
  const bool keeps_all = std::find(reduced.begin(), reduced.end(), true) == reduced.end();
  if (keeps_all && !maps_elements(c.node)) return c.alias(0, 0);
  const auto [kernel, order] = kernel_of(c, reduced);
  Loops loops = loops_of(shape, reduced);
  if (order == onnx2mcu::ReduceOrder::packet_runs &&
      loops.reduced.size() == 1) {  // a run or a group of one element
    const std::int64_t first = leading_extent(shape, reduced);
    loops.reduced = {first, loops.reduced[0] / first};
    loops.reduced_step = {loops.reduced_step[0], loops.reduced_step[0]};
  }
  Call call = c.call(kernel, "reduce.hpp");
  call.reads = {c.operand(0)};
  call.writes = {c.output(0)};
  call.params = {param_ints("kept", loops.kept), param_ints("kept_step", loops.kept_step),
                 param_ints("reduced", loops.reduced), param_ints("reduced_step", loops.reduced_step)};
  call.params.push_back(param("count", element_count(loops.reduced)));
  call.params.push_back({"using", "Op", "onnx2mcu::reductions::" + c.node.op_type.substr(6)});
  if (kernel == "reduce_sum")
    call.params.push_back(
        {"onnx2mcu::ReduceOrder", "order", std::string("onnx2mcu::ReduceOrder::") + name_of(order)});
  if (kernel == "reduce_log_sum_exp") call.params.pop_back();
  c.add(std::move(call));
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_ReduceL1){"", "ReduceL1", infer, lower, nullptr, estimate_reduce};
ONNX2MCU_DEFINE_OP(op_ReduceL2){"", "ReduceL2", infer, lower, nullptr, estimate_reduce};
ONNX2MCU_DEFINE_OP(op_ReduceLogSum){"", "ReduceLogSum", infer, lower, nullptr, estimate_reduce};
ONNX2MCU_DEFINE_OP(op_ReduceLogSumExp){"", "ReduceLogSumExp", infer, lower, nullptr, estimate_reduce};
ONNX2MCU_DEFINE_OP(op_ReduceMax){"", "ReduceMax", infer, lower, nullptr, estimate_reduce};
ONNX2MCU_DEFINE_OP(op_ReduceMean){"", "ReduceMean", infer, lower, nullptr, estimate_reduce};
ONNX2MCU_DEFINE_OP(op_ReduceMin){"", "ReduceMin", infer, lower, nullptr, estimate_reduce};
ONNX2MCU_DEFINE_OP(op_ReduceProd){"", "ReduceProd", infer, lower, nullptr, estimate_reduce};
ONNX2MCU_DEFINE_OP(op_ReduceSum){"", "ReduceSum", infer, lower, nullptr, estimate_reduce};
ONNX2MCU_DEFINE_OP(op_ReduceSumSquare){"", "ReduceSumSquare", infer, lower, nullptr, estimate_reduce};

}  // namespace o2m
