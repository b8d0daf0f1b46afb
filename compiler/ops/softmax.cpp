// Softmax, LogSoftmax and Hardmax in float32. From opset 13 on along one axis; before, over all dimensions
// from `axis` on, seen as one.

#include "ops/estimate.hpp"
#include "ops/lower.hpp"

namespace o2m {
namespace {

void infer(InferContext& c) {
  if (c.type(0) != DType::float32) refuse("x is {}, only float32 is supported", to_string(c.type(0)));
  if (c.shape(0).empty()) refuse("x is a scalar, it has no axis");
  c.set(0, DType::float32, c.shape(0));
}

std::int64_t product(const Shape& shape, std::size_t first, std::size_t last) {
  return element_count({shape.begin() + static_cast<std::ptrdiff_t>(first),
                        shape.begin() + static_cast<std::ptrdiff_t>(last)});
}

void lower(LowerContext& c) {
  const Shape& shape = c.in_shape(0);
  const bool one_axis = c.graph.opset() >= 13;
  const std::size_t axis = normalize_axis(c.node.attr("axis", one_axis ? -1 : 1), shape.size());
  const std::size_t end = one_axis ? axis + 1 : shape.size();
  const char* kernel = c.node.is("Softmax") ? "softmax" : c.node.is("LogSoftmax") ? "log_softmax" : "hardmax";
  Call call = c.call(kernel, "softmax.hpp");
  call.reads = {c.operand(0)};
  call.writes = {c.output(0)};
  call.in_place = {{0, 0}};
  call.params = {param("outer", product(shape, 0, axis)), param("n", product(shape, axis, end)),
                 param("stride", product(shape, end, shape.size()))};
  c.add(std::move(call));
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_Hardmax){"", "Hardmax", infer, lower};
ONNX2MCU_DEFINE_OP(op_LogSoftmax){"", "LogSoftmax", infer, lower, nullptr, estimate_softmax};
ONNX2MCU_DEFINE_OP(op_Softmax){"", "Softmax", infer, lower, nullptr, estimate_softmax};

}  // namespace o2m
