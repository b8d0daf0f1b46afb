// com.microsoft QLinearSoftmax 1: X, X_scale, X_zero_point, Y_scale, Y_zero_point; attributes axis and opset (of the
// Softmax it stands for: below 13 all dimensions from axis on form one row). See qlinear_softmax.cc.

#include <algorithm>
#include <cmath>
#include <limits>

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
  const std::int64_t outer = element_count({shape.begin(), at}), behind = element_count({at + 1, shape.end()});
  return one_row ? Rows{outer, shape[axis] * behind, 1} : Rows{outer, shape[axis], behind};
}

void infer(InferContext& c) {
  if (!is_8bit(c.type(0))) refuse("X is {}, only int8 and uint8 are supported", to_string(c.type(0)));
  if (c.has(4) && c.type(4) != c.type(0)) refuse("Y_zero_point is {}, expected {} as X", to_string(c.type(4)), to_string(c.type(0)));
  if (rows_of(c.node, c.shape(0)).n == 0) refuse("the axis has no elements");
  c.set(0, c.type(0), c.shape(0));
}

/// Entry 255 - d is the exponential of a value d steps below the row's largest, scaled so that a sum of n of them
/// stays below the largest float.
std::vector<float> exponentials(float x_scale, std::int64_t n) {
  const float room = std::log(std::numeric_limits<float>::max() / static_cast<float>(n));
  const double shift = std::max(0.0, static_cast<double>(room) - 5) / static_cast<double>(x_scale);
  std::vector<float> table;
  for (int i = 0; i < 256; ++i) table.push_back(static_cast<float>(std::exp((i - 255.0 + shift) * static_cast<double>(x_scale))));
  return table;
}

/// On overflow the library converts infinity to int32: to uint32 it gives 0, to int32 the least value, and the sum
/// with a negative zero point wraps around.
std::int64_t overflowed(DType type, std::int32_t y_zero_point) {
  if (type == DType::uint8) return y_zero_point;
  return y_zero_point < 0 ? max_of(type) : y_zero_point;
}

void lower(LowerContext& c) {
  const Rows rows = rows_of(c.node, c.in_shape(0));
  const DType type = c.in(0).type;
  const std::int32_t y_zero_point = read_zero_point(c.constant(4), "Y_zero_point");
  const float factor = std::floor(1.0F / read_scale(c.required_constant(3, "Y_scale"), "Y_scale"));
  if (factor >= 2147483648.0F) refuse("Y_scale is too small: its reciprocal {} does not fit int32", factor);
  const auto table = exponentials(read_scale(c.required_constant(1, "X_scale"), "X_scale"), rows.n);
  Call call = c.call("qlinear_softmax", "qlinear_softmax.hpp");
  call.reads = {c.operand(0)};
  call.writes = {c.output(0)};
  call.in_place = {{0, 0}};
  call.params = {param("outer", rows.outer), param("n", rows.n), param("inner", rows.inner), param("y_zero_point", y_zero_point),
                 param("y_max", max_of(type)), param_float("y_factor", factor),
                 param_bool("may_overflow", std::isinf(table.back() * factor)), param("y_overflow", overflowed(type, y_zero_point)),
                 param_array(c.program, "table", c.array("exponentials", DType::float32, table))};
  c.add(std::move(call));
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_ms_QLinearSoftmax){"com.microsoft", "QLinearSoftmax", infer, lower};

}  // namespace o2m
