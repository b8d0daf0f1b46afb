// DynamicQuantizeLinear 11: x float32 -> y uint8, y_scale float32, y_zero_point uint8 (scalars). x without
// NaN: with it ONNX Runtime's range depends on the machine (docs/decisions/nan.md).

#include <algorithm>
#include <cmath>

#include "ops/lower.hpp"

namespace o2m {
namespace {

void infer(InferContext& c) {
  if (c.type(0) != DType::float32) refuse("x is {}, only float32 is supported", to_string(c.type(0)));
  c.set(0, DType::uint8, c.shape(0));
  c.set(1, DType::float32, {});
  c.set(2, DType::uint8, {});
}

BufferId output_or_scratch(LowerContext& c, std::size_t o, DType type) {
  const bool used = o < c.node.outputs.size() && c.node.outputs[o] != ValueId::none;
  return used ? c.output(o) : c.scratch("unused output", type, o == 0 ? element_count(c.in_shape(0)) : 1);
}

void lower(LowerContext& c) {
  const auto is_nan = [](float v) { return std::isnan(v); };
  if (const Tensor* x = c.constant(0); x && std::ranges::any_of(x->as<float>(), is_nan))
    refuse("x \"{}\" is a constant that holds NaN: its range is not defined", c.in(0).name);
  Call call = c.call("dynamic_quantize_linear", "dynamic_quantize_linear.hpp");
  call.reads = {c.operand(0)};
  call.writes = {output_or_scratch(c, 0, DType::uint8), output_or_scratch(c, 1, DType::float32),
                 output_or_scratch(c, 2, DType::uint8)};
  call.params = {param("size", element_count(c.in_shape(0)))};
  c.add(std::move(call));
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_DynamicQuantizeLinear){"", "DynamicQuantizeLinear", infer, lower};

}  // namespace o2m
