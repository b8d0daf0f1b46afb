// TopK 10-24, CumSum 11-14, OneHot 9-11, Trilu 14, ScatterElements 11-18, ScatterND 11-18: k, the axis, the
// depth and the diagonal are constants; indices may be computed.

#include <algorithm>

#include "ops/int_list.hpp"
#include "ops/lower.hpp"
#include "ops/strided_copy.hpp"

namespace o2m {
namespace {

/// The one element of constant input i; `fallback` where it is omitted.
std::int64_t number_input(const Graph& graph, const Node& node, const char* what, std::size_t i,
                          std::optional<std::int64_t> fallback) {
  const auto list = int_list_input(graph, node, what, i);
  if (!list && fallback) return *fallback;
  if (!list || list->size() != 1) refuse("{} (input {}) is not one number", what, i);
  return list->front();
}

void add_axis(Call& call, const Shape& x, std::size_t axis) {
  call.params.push_back(param("outer", element_count(x, 0, axis)));
  call.params.push_back(param("n", x[axis]));
  call.params.push_back(param("inner", element_count(x, axis + 1, x.size())));
}

// TopK

void infer_top_k(InferContext& c) {
  const Shape& x = c.shape(0);
  const std::size_t axis = normalize_axis(c.node.attr("axis", -1), x.size());
  const std::int64_t k =
      c.graph.opset() < 10 ? c.node.attr("k", -1) : number_input(c.graph, c.node, "k", 1, std::nullopt);
  if (k < 1 || k > x[axis]) refuse("k is {}, expected 1 to {}", k, x[axis]);
  if (c.type(0) == DType::boolean) refuse("x is bool");
  Shape out = x;
  out[axis] = k;
  c.set(0, c.type(0), out);
  c.set(1, DType::int64, out);
}

void lower_top_k(LowerContext& c) {
  const Shape& x = c.in_shape(0);
  const std::size_t axis = normalize_axis(c.node.attr("axis", -1), x.size());
  Shape out = x;
  out[axis] =
      c.graph.opset() < 10 ? c.node.attr("k", -1) : number_input(c.graph, c.node, "k", 1, std::nullopt);
  const auto written = [&](std::size_t o, DType type) {
    const bool wanted = o < c.node.outputs.size() && c.node.outputs[o] != ValueId::none;
    return wanted ? c.output(o) : c.scratch(o == 0 ? "values" : "indices", type, element_count(out));
  };
  Call call = c.call("top_k", "select.hpp");
  call.reads = {c.operand(0)};
  call.writes = {written(0, c.in(0).type), written(1, DType::int64)};
  add_axis(call, x, axis);
  call.params.push_back(param("k", out[axis]));
  call.params.push_back(param_bool("largest", c.node.attr("largest", 1) != 0));
  c.add(std::move(call));
}

// CumSum

void infer_cum_sum(InferContext& c) {
  normalize_axis(number_input(c.graph, c.node, "axis", 1, std::nullopt), c.shape(0).size());
  c.set(0, c.type(0), c.shape(0));
}

void lower_cum_sum(LowerContext& c) {
  const Shape& x = c.in_shape(0);
  Call call = c.call("cumulative_sum", "select.hpp");
  call.reads = {c.operand(0)};
  call.writes = {c.output(0)};
  call.in_place = {{0, 0}};
  add_axis(call, x, normalize_axis(number_input(c.graph, c.node, "axis", 1, std::nullopt), x.size()));
  call.params.push_back(param_bool("exclusive", c.node.attr("exclusive", 0) != 0));
  call.params.push_back(param_bool("reverse", c.node.attr("reverse", 0) != 0));
  c.add(std::move(call));
}

// OneHot

std::size_t hot_axis(const Node& node, const Shape& indices) {
  return normalize_axis(node.attr("axis", -1), indices.size() + 1);
}

std::int64_t depth_of(const Graph& graph, const Node& node) {
  if (!node.has_input(1)) refuse("input 1 is missing");
  const Tensor* t = graph.constant(node.inputs[1]);
  if (!t) refuse("depth (input 1) must be a constant, it is computed at run time");
  if (t->count() != 1 || t->real(0) < 1 || t->real(0) > 1 << 30) refuse("depth is not one number above 0");
  return static_cast<std::int64_t>(t->real(0));
}

void infer_one_hot(InferContext& c) {
  Shape out = c.shape(0);
  out.insert(out.begin() + static_cast<std::ptrdiff_t>(hot_axis(c.node, c.shape(0))),
             depth_of(c.graph, c.node));
  if (c.shape(2) != Shape{2}) refuse("values has shape {}, expected [2]", to_string(c.shape(2)));
  c.set(0, c.type(2), std::move(out));
}

void lower_one_hot(LowerContext& c) {
  const Shape& x = c.in_shape(0);
  const std::size_t axis = hot_axis(c.node, x);
  Call call = c.call("one_hot", "select.hpp");
  call.reads = {c.operand(0), c.operand(2)};
  call.writes = {c.output(0)};
  call.params = {param("outer", element_count(x, 0, axis)), param("depth", depth_of(c.graph, c.node)),
                 param("inner", element_count(x, axis, x.size()))};
  c.add(std::move(call));
}

// Trilu

void infer_trilu(InferContext& c) {
  if (c.shape(0).size() < 2) refuse("x has shape {}, expected at least 2 dimensions", to_string(c.shape(0)));
  number_input(c.graph, c.node, "k", 1, 0);
  c.set(0, c.type(0), c.shape(0));
}

void lower_trilu(LowerContext& c) {
  const Shape& x = c.in_shape(0);
  const std::int64_t limit = x[x.size() - 2] + x.back();
  Call call = c.call("triangle", "select.hpp");
  call.reads = {c.operand(0)};
  call.writes = {c.output(0)};
  call.in_place = {{0, 0}};
  call.params = {param("batch", element_count(x, 0, x.size() - 2)), param("rows", x[x.size() - 2]),
                 param("columns", x.back()), param_bool("upper", c.node.attr("upper", 1) != 0),
                 param("k", std::clamp(number_input(c.graph, c.node, "k", 1, 0), -limit, limit))};
  c.add(std::move(call));
}

// ScatterElements, ScatterND

std::string reduction_of(const Node& node) {
  const std::string how = node.attr_string("reduction", "none");
  for (const char* known : {"none", "add", "mul", "min", "max"})
    if (how == known) return how;
  refuse("reduction \"{}\" is not supported", printable(how));
}

void check_indices(const InferContext& c, const std::vector<std::int64_t>& sizes) {
  if (c.type(1) != DType::int64 && c.type(1) != DType::int32)
    refuse("indices are {}, expected int32 or int64", to_string(c.type(1)));
  if (c.type(2) != c.type(0)) refuse("updates are {}, x is {}", to_string(c.type(2)), to_string(c.type(0)));
  if (reduction_of(c.node) != "none" && c.type(0) == DType::boolean) refuse("reduction of bool");
  const Tensor* t = c.constant(1);
  for (std::int64_t i = 0; t && i < t->count(); ++i) {
    const std::int64_t size = sizes[static_cast<std::size_t>(i) % sizes.size()];
    if (t->integer(i) < -size || t->integer(i) >= size)
      refuse("index {} is outside an axis of {} elements", t->integer(i), size);
  }
}

Call scatter_call(LowerContext& c, const char* kernel) {
  Call call = c.call(kernel, "select.hpp");
  call.reads = {c.operand(0), c.operand(1), c.operand(2)};
  call.writes = {c.output(0)};
  call.in_place = {{0, 0}};
  call.params = {param_bool("constant_indices", false),
                 param("total", element_count(c.in_shape(0))),
                 {"onnx2mcu::Scatter", "how", "onnx2mcu::Scatter::" + reduction_of(c.node)}};
  return call;
}

void infer_scatter_elements(InferContext& c) {
  const Shape &x = c.shape(0), &indices = c.shape(1);
  const std::size_t axis = normalize_axis(c.node.attr("axis", 0), x.size());
  if (indices.size() != x.size() || c.shape(2) != indices)
    refuse("indices {} and updates {} do not fit x {}", to_string(indices), to_string(c.shape(2)),
           to_string(x));
  for (std::size_t d = 0; d < x.size(); ++d)
    if (d != axis && indices[d] > x[d])
      refuse("indices {} reach beyond x {}", to_string(indices), to_string(x));
  check_indices(c, {x[axis]});
  c.set(0, c.type(0), x);
}

void lower_scatter_elements(LowerContext& c) {
  const Shape &x = c.in_shape(0), &indices = c.in_shape(1);
  const std::size_t axis = normalize_axis(c.node.attr("axis", 0), x.size());
  const auto steps = row_major_steps(x);
  std::vector<std::int64_t> through = steps;
  through[axis] = 0;
  Call call = scatter_call(c, "scatter_elements");
  for (Param p : {param("updates", element_count(indices)),
                  param("loops", static_cast<std::int64_t>(indices.size())), param_ints("size", indices),
                  param_ints("step", through), param("axis", x[axis]), param("axis_step", steps[axis])})
    call.params.push_back(std::move(p));
  c.add(std::move(call));
}

std::size_t tuple_of(const Shape& x, const Shape& indices) {
  if (indices.empty() || indices.back() < 1 || indices.back() > static_cast<std::int64_t>(x.size()))
    refuse("indices {} hold no tuples for x {}", to_string(indices), to_string(x));
  return static_cast<std::size_t>(indices.back());
}

void infer_scatter_nd(InferContext& c) {
  const Shape &x = c.shape(0), &indices = c.shape(1);
  const auto tuple = static_cast<std::ptrdiff_t>(tuple_of(x, indices));
  Shape updates(indices.begin(), indices.end() - 1);
  updates.insert(updates.end(), x.begin() + tuple, x.end());
  if (c.shape(2) != updates)
    refuse("updates has shape {}, expected {}", to_string(c.shape(2)), to_string(updates));
  check_indices(c, {x.begin(), x.begin() + tuple});
  c.set(0, c.type(0), x);
}

void lower_scatter_nd(LowerContext& c) {
  const Shape &x = c.in_shape(0), &indices = c.in_shape(1);
  const std::size_t tuple = tuple_of(x, indices);
  const auto steps = row_major_steps(x);
  const auto first = [&](const std::vector<std::int64_t>& v) {
    return std::vector<std::int64_t>(v.begin(), v.begin() + static_cast<std::ptrdiff_t>(tuple));
  };
  Call call = scatter_call(c, "scatter_nd");
  for (Param p : {param("count", element_count(indices, 0, indices.size() - 1)),
                  param("tuple", static_cast<std::int64_t>(tuple)), param_ints("axes", first(x)),
                  param_ints("step", first(steps)), param("inner", element_count(x, tuple, x.size()))})
    call.params.push_back(std::move(p));
  c.add(std::move(call));
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_TopK){"", "TopK", infer_top_k, lower_top_k};
ONNX2MCU_DEFINE_OP(op_CumSum){"", "CumSum", infer_cum_sum, lower_cum_sum};
ONNX2MCU_DEFINE_OP(op_OneHot){"", "OneHot", infer_one_hot, lower_one_hot};
ONNX2MCU_DEFINE_OP(op_Trilu){"", "Trilu", infer_trilu, lower_trilu};
ONNX2MCU_DEFINE_OP(op_ScatterElements){"", "ScatterElements", infer_scatter_elements, lower_scatter_elements};
ONNX2MCU_DEFINE_OP(op_ScatterND){"", "ScatterND", infer_scatter_nd, lower_scatter_nd};

}  // namespace o2m
