// Shape 1-25 (start and end from opset 15) and Size 1-25: known at compile time, whatever their input is.

#include <algorithm>

#include "ops/op.hpp"

namespace o2m {
namespace {

/// Shapes are static, so the output is a constant even when the input is only known at run time.
void set_constant(InferContext& c, Tensor value) {
  c.set(0, value.type, value.shape);
  if (c.node.outputs.empty() || c.node.outputs[0] == ValueId::none) return;
  c.graph[c.node.outputs[0]].constant = std::make_shared<const Tensor>(std::move(value));
}

void infer_shape(InferContext& c) {
  const Shape& in = c.shape(0);
  const auto rank = static_cast<std::int64_t>(in.size());
  const auto place = [&](std::int64_t at) {
    return std::clamp<std::int64_t>(at < 0 ? at + rank : at, 0, rank);
  };
  const std::int64_t start = place(c.node.attr("start", 0)), end = place(c.node.attr("end", rank));
  const Shape dims = start < end ? Shape{in.begin() + start, in.begin() + end} : Shape{};
  const auto count = static_cast<std::int64_t>(dims.size());
  set_constant(c, make_tensor(DType::int64, {count}, std::span<const std::int64_t>(dims)));
}

void infer_size(InferContext& c) {
  const Shape count{element_count(c.shape(0))};
  set_constant(c, make_tensor(DType::int64, {}, std::span<const std::int64_t>(count)));
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_Shape){"", "Shape", infer_shape};
ONNX2MCU_DEFINE_OP(op_Size){"", "Size", infer_size};

}  // namespace o2m
