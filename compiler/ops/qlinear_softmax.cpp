// com.microsoft QLinearSoftmax 1: X, X_scale, X_zero_point, Y_scale, Y_zero_point; attributes axis and opset
// (of the Softmax it stands for: below 13 all dimensions from axis on form one row). See qlinear_softmax.cc.

#include <cmath>

#include "onnx2mcu/float_qlinear.hpp"
#include "ops/quantization.hpp"

namespace o2m {
namespace {

struct Rows {
  std::int64_t outer, n, inner;
};

Rows rows_of(const Node& node, const Shape& shape) {
  if (!node.has_attr("opset")) refuse("the attribute opset is missing");
  const bool one_row = node.attr("opset", 13) < 13;
  const std::size_t axis = normalize_axis(node.attr("axis", one_row ? 1 : -1), shape.size());
  const auto at = shape.begin() + static_cast<std::ptrdiff_t>(axis);
  const std::int64_t outer = element_count({shape.begin(), at}),
                     behind = element_count({at + 1, shape.end()});
  return one_row ? Rows{outer, shape[axis] * behind, 1} : Rows{outer, shape[axis], behind};
}

void infer(InferContext& c) {
  if (!is_8bit(c.type(0))) refuse("X is {}, only int8 and uint8 are supported", to_string(c.type(0)));
  if (c.has(4) && c.type(4) != c.type(0))
    refuse("Y_zero_point is {}, expected {} as X", to_string(c.type(4)), to_string(c.type(0)));
  if (rows_of(c.node, c.shape(0)).n == 0) refuse("the axis has no elements");
  c.set(0, c.type(0), c.shape(0));
}

void lower(LowerContext& c) {
  const Rows rows = rows_of(c.node, c.in_shape(0));
  const float inverse_scale = std::floor(1.0F / read_scale(c.required_constant(3, "Y_scale"), "Y_scale"));
  if (inverse_scale >= 2147483648.0F)
    refuse("Y_scale is too small: its reciprocal {} does not fit int32", inverse_scale);
  float table[256] = {};
  onnx2mcu::qlinear_softmax_table(table, read_scale(c.required_constant(1, "X_scale"), "X_scale"),
                                  static_cast<int>(rows.n));
  Call call = c.call("qlinear_softmax", "qlinear_softmax.hpp");
  call.reads = {c.operand(0)};
  call.writes = {c.output(0)};
  call.in_place = {{0, 0}};
  call.params = {
      param("outer", rows.outer),
      param("n", rows.n),
      param("inner", rows.inner),
      param("y_zero_point", read_zero_point(c, 4, "Y_zero_point")),
      param_float("inverse_scale", inverse_scale),
      param_array(c.program, "table",
                  c.array("exponentials", DType::float32, std::vector<float>(table, table + 256)))};
  c.add(std::move(call));
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_ms_QLinearSoftmax){"com.microsoft", "QLinearSoftmax", infer, lower};

}  // namespace o2m
