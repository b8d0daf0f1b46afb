// ArgMax and ArgMin 1-13: attributes axis, keepdims, select_last_index. The result is int64.

#include "ops/lower.hpp"

namespace o2m {
namespace {

void infer(InferContext& c) {
  if (c.type(0) == DType::float16) refuse("x is float16, only float32 and integers are supported");
  Shape shape = c.shape(0);
  const std::size_t axis = normalize_axis(c.node.attr("axis", 0), shape.size());
  if (shape[axis] == 0)
    refuse("x has shape {}, there is no largest element along axis {}", to_string(shape), axis);
  shape[axis] = 1;
  if (c.node.attr("keepdims", 1) == 0) shape.erase(shape.begin() + static_cast<std::ptrdiff_t>(axis));
  c.set(0, DType::int64, shape);
}

void lower(LowerContext& c) {
  const Shape& shape = c.in_shape(0);
  const std::size_t axis = normalize_axis(c.node.attr("axis", 0), shape.size());
  const auto at = shape.begin() + static_cast<std::ptrdiff_t>(axis);
  Call call = c.call("arg_reduce", "reduce.hpp");
  call.reads = {c.operand(0)};
  call.writes = {c.output(0)};
  call.params = {param("outer", element_count({shape.begin(), at})), param("n", *at),
                 param("stride", element_count({at + 1, shape.end()})),
                 param_bool("maximum", c.node.is("ArgMax")),
                 param_bool("last", c.node.attr("select_last_index", 0) != 0)};
  c.add(std::move(call));
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_ArgMax){"", "ArgMax", infer, lower};
ONNX2MCU_DEFINE_OP(op_ArgMin){"", "ArgMin", infer, lower};

}  // namespace o2m
