// Gather 1-13, GatherElements 11-13, GatherND 11-13, with constant or computed indices, which may be
// negative.

#include <algorithm>

#include "ops/int_list.hpp"
#include "ops/strided_copy.hpp"

namespace o2m {
namespace {

void check_index_type(const InferContext& c) {
  if (c.type(1) != DType::int64 && c.type(1) != DType::int32)
    refuse("indices are {}, expected int32 or int64", to_string(c.type(1)));
}

/// Constant indices into an axis of `size` elements, made non-negative.
std::int64_t checked_index(std::int64_t index, std::int64_t size) {
  if (index < -size || index >= size) refuse("index {} is outside an axis of {} elements", index, size);
  return index < 0 ? index + size : index;
}

Shape slice_of(const Shape& shape, std::size_t from, std::size_t to) {
  return {shape.begin() + static_cast<std::ptrdiff_t>(from), shape.begin() + static_cast<std::ptrdiff_t>(to)};
}

Shape joined(Shape a, const Shape& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

/// Emits constant indices as they were checked, in the smallest type that holds them; computed ones are read
/// as they are. `sizes`: the axes they index, in turn.
Operand index_operand(LowerContext& c, const std::vector<std::int64_t>& sizes) {
  const Tensor* indices = c.constant(1);
  if (!indices) return c.operand(1);
  std::vector<std::int64_t> values = indices->integers();
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = checked_index(values[i], sizes[i % sizes.size()]);
  const std::int64_t largest = values.empty() ? 0 : *std::max_element(values.begin(), values.end());
  const DType type = largest <= max_of(DType::uint8)    ? DType::uint8
                     : largest <= max_of(DType::uint16) ? DType::uint16
                                                        : DType::int32;
  Tensor packed = make_tensor(type, {static_cast<std::int64_t>(values.size())});
  for (std::size_t i = 0; i < values.size(); ++i)
    copy_bytes(packed.bytes.data() + i * static_cast<std::size_t>(size_of(type)), &values[i],
               static_cast<std::size_t>(size_of(type)));
  return c.array("indices", type, std::move(packed.bytes));
}

Call index_call(LowerContext& c, const char* kernel, const std::vector<std::int64_t>& sizes) {
  Call call = c.call(kernel, "gather.hpp");
  call.reads = {c.operand(0), index_operand(c, sizes)};
  call.writes = {c.output(0)};
  call.params = {param_bool("constant_indices", c.constant(1) != nullptr)};
  return call;
}

// Gather

struct GatherShape {
  std::int64_t outer, axis, inner;
};

GatherShape gather_shape(const Node& node, const Shape& x) {
  const std::size_t axis = normalize_axis(node.attr("axis", 0), x.size());
  return {element_count(slice_of(x, 0, axis)), x[axis], element_count(slice_of(x, axis + 1, x.size()))};
}

void infer_gather(InferContext& c) {
  check_index_type(c);
  const Shape& x = c.shape(0);
  const std::size_t axis = normalize_axis(c.node.attr("axis", 0), x.size());
  c.set(0, c.type(0), joined(joined(slice_of(x, 0, axis), c.shape(1)), slice_of(x, axis + 1, x.size())));
  if (x[axis] == 0) refuse("the axis has no elements");
}

void lower_gather(LowerContext& c) {
  const GatherShape g = gather_shape(c.node, c.in_shape(0));
  const std::int64_t count = element_count(c.in_shape(1));
  if (const Tensor* indices = c.constant(1)) {
    std::vector<std::int64_t> at = indices->integers();
    for (std::int64_t& i : at) i = checked_index(i, g.axis);
    const std::int64_t step = at.size() > 1 ? at[1] - at[0] : 1;
    bool even = !at.empty();
    for (std::size_t i = 1; i < at.size(); ++i) even = even && at[i] - at[i - 1] == step;
    if (even)
      return lower_strided_copy(
          c, {{g.outer, count, g.inner}, {g.axis * g.inner, step * g.inner, 1}, at[0] * g.inner});
  }
  Call call = index_call(c, "gather", {g.axis});
  for (Param p :
       {param("outer", g.outer), param("axis", g.axis), param("count", count), param("inner", g.inner)})
    call.params.push_back(std::move(p));
  c.add(std::move(call));
}

std::vector<Tensor> eval_gather(const Graph& graph, const Node& node, EvalInputs in) {
  const GatherShape g = gather_shape(node, in[0]->shape);
  Tensor y = make_tensor(in[0]->type, graph.shape(node.outputs[0]));
  const auto run = static_cast<std::size_t>(g.inner) * static_cast<std::size_t>(size_of(y.type));
  std::byte* to = y.bytes.data();
  for (std::int64_t o = 0; o < g.outer; ++o)
    for (std::int64_t k = 0; k < in[1]->count(); ++k, to += run)
      copy_bytes(to,
                 in[0]->bytes.data() +
                     static_cast<std::size_t>(o * g.axis + checked_index(in[1]->integer(k), g.axis)) * run,
                 run);
  return {std::move(y)};
}

// GatherElements

void infer_gather_elements(InferContext& c) {
  check_index_type(c);
  const Shape &x = c.shape(0), &indices = c.shape(1);
  if (x.size() != indices.size()) refuse("x has {} dimensions, indices {}", x.size(), indices.size());
  const std::size_t axis = normalize_axis(c.node.attr("axis", 0), x.size());
  for (std::size_t d = 0; d < x.size(); ++d)
    if (d != axis && indices[d] > x[d])
      refuse("indices {} reach beyond x {}", to_string(indices), to_string(x));
  if (x[axis] == 0) refuse("the axis has no elements");
  c.set(0, c.type(0), indices);
}

/// Steps through x with the loops over the indices: none along the axis.
std::vector<std::int64_t> element_steps(const Shape& x, std::size_t axis) {
  auto steps = row_major_steps(x);
  steps[axis] = 0;
  return steps;
}

void lower_gather_elements(LowerContext& c) {
  const Shape& x = c.in_shape(0);
  const std::size_t axis = normalize_axis(c.node.attr("axis", 0), x.size());
  std::vector<std::int64_t> size = c.in_shape(1), step = element_steps(x, axis);
  merge_loops(size, {&step});
  Call call = index_call(c, "gather_elements", {x[axis]});
  for (Param p :
       {param("loops", static_cast<std::int64_t>(size.size())), param_ints("size", size),
        param_ints("step", step), param("axis", x[axis]), param("axis_step", row_major_steps(x)[axis])})
    call.params.push_back(std::move(p));
  c.add(std::move(call));
}

std::vector<Tensor> eval_gather_elements(const Graph&, const Node& node, EvalInputs in) {
  const Tensor& x = *in[0];
  const std::size_t axis = normalize_axis(node.attr("axis", 0), x.shape.size());
  const auto steps = element_steps(x.shape, axis);
  const std::int64_t axis_step = row_major_steps(x.shape)[axis];
  Tensor y = make_tensor(x.type, in[1]->shape);
  const auto item = static_cast<std::size_t>(size_of(x.type));
  std::vector<std::int64_t> at(steps.size(), 0);
  for (std::int64_t i = 0; i < y.count(); ++i) {
    std::int64_t from = checked_index(in[1]->integer(i), x.shape[axis]) * axis_step;
    for (std::size_t d = 0; d < at.size(); ++d) from += at[d] * steps[d];
    copy_bytes(y.bytes.data() + static_cast<std::size_t>(i) * item,
               x.bytes.data() + static_cast<std::size_t>(from) * item, item);
    for (std::size_t d = at.size(); d-- > 0;) {
      if (++at[d] < y.shape[d]) break;
      at[d] = 0;
    }
  }
  return {std::move(y)};
}

// GatherND

/// Each tuple of indices picks a run of `inner` elements in a batch of x.
struct Tuples {
  std::int64_t batches, batch_step, count, inner;
  std::vector<std::int64_t> axes, step;  ///< sizes of the indexed dimensions of x, and distances along them
};

Tuples tuples_of(const Node& node, const Shape& x, const Shape& indices) {
  const auto batch = static_cast<std::size_t>(node.attr("batch_dims", 0));
  const auto tuple = static_cast<std::size_t>(indices.back());
  const auto steps = row_major_steps(x);
  Tuples t{element_count(slice_of(x, 0, batch)),
           element_count(slice_of(x, batch, x.size())),
           element_count(slice_of(indices, batch, indices.size() - 1)),
           element_count(slice_of(x, batch + tuple, x.size())),
           {},
           {}};
  for (std::size_t d = batch; d < batch + tuple; ++d) {
    t.axes.push_back(x[d]);
    t.step.push_back(steps[d]);
  }
  return t;
}

void infer_gather_nd(InferContext& c) {
  check_index_type(c);
  const Shape &x = c.shape(0), &indices = c.shape(1);
  const std::int64_t batch = c.node.attr("batch_dims", 0);
  const auto rank = static_cast<std::int64_t>(std::min(x.size(), indices.size()));
  if (batch < 0 || batch >= rank) refuse("batch_dims is {}, expected 0 to {}", batch, rank - 1);
  const auto b = static_cast<std::size_t>(batch);
  if (slice_of(x, 0, b) != slice_of(indices, 0, b))
    refuse("x {} and indices {} differ in their {} batch dimensions", to_string(x), to_string(indices),
           batch);
  const std::int64_t tuple = indices.back();
  if (tuple < 1 || tuple > static_cast<std::int64_t>(x.size()) - batch)
    refuse("indices {} hold tuples of {}, expected 1 to {}", to_string(indices), tuple,
           static_cast<std::int64_t>(x.size()) - batch);
  const auto picked = b + static_cast<std::size_t>(tuple);
  for (std::size_t d = b; d < picked; ++d)
    if (x[d] == 0) refuse("an indexed axis has no elements");
  c.set(0, c.type(0), joined(slice_of(indices, 0, indices.size() - 1), slice_of(x, picked, x.size())));
}

void lower_gather_nd(LowerContext& c) {
  const Tuples t = tuples_of(c.node, c.in_shape(0), c.in_shape(1));
  Call call = index_call(c, "gather_nd", t.axes);
  for (Param p : {param("batches", t.batches), param("batch_step", t.batch_step), param("count", t.count),
                  param("tuple", static_cast<std::int64_t>(t.axes.size())), param_ints("axes", t.axes),
                  param_ints("step", t.step), param("inner", t.inner)})
    call.params.push_back(std::move(p));
  c.add(std::move(call));
}

std::vector<Tensor> eval_gather_nd(const Graph& graph, const Node& node, EvalInputs in) {
  const Tuples t = tuples_of(node, in[0]->shape, in[1]->shape);
  Tensor y = make_tensor(in[0]->type, graph.shape(node.outputs[0]));
  const auto item = static_cast<std::size_t>(size_of(y.type));
  const auto run = static_cast<std::size_t>(t.inner) * item;
  std::int64_t next = 0;
  std::byte* to = y.bytes.data();
  for (std::int64_t b = 0; b < t.batches; ++b)
    for (std::int64_t k = 0; k < t.count; ++k, to += run) {
      std::int64_t from = b * t.batch_step;
      for (std::size_t j = 0; j < t.axes.size(); ++j)
        from += checked_index(in[1]->integer(next++), t.axes[j]) * t.step[j];
      copy_bytes(to, in[0]->bytes.data() + static_cast<std::size_t>(from) * item, run);
    }
  return {std::move(y)};
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_Gather){"", "Gather", infer_gather, lower_gather, eval_gather};
ONNX2MCU_DEFINE_OP(op_GatherElements){"", "GatherElements", infer_gather_elements, lower_gather_elements,
                                      eval_gather_elements};
ONNX2MCU_DEFINE_OP(op_GatherND){"", "GatherND", infer_gather_nd, lower_gather_nd, eval_gather_nd};

}  // namespace o2m
