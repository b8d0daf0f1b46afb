// LRN 1-13 in float32: y = x / (bias + alpha / size * sum of squares of `size` neighbouring channels) ^ beta.

#include "ops/lower.hpp"

namespace o2m {
namespace {

void infer(InferContext& c) {
  if (c.type(0) != DType::float32) refuse("x is {}, only float32 is supported", to_string(c.type(0)));
  const Shape& x = c.shape(0);
  const std::int64_t size = c.node.attr("size", 0);
  if (x.size() != 4) refuse("x has shape {}, expected [N, C, H, W]", to_string(x));
  if (size < 1 || size % 2 == 0 || size > 65535) refuse("size {} is no odd number from 1 to 65535", size);
  c.set(0, DType::float32, x);
}

void lower(LowerContext& c) {
  const Shape& x = c.in_shape(0);
  const std::int64_t size = c.node.attr("size", 0);
  Call call = c.call("lrn", "lrn.hpp");
  call.reads = {c.operand(0)};
  call.writes = {c.output(0)};
  call.params = {param("batch", x[0]),
                 param("channels", x[1]),
                 param("area", element_count(x, 2, x.size())),
                 param("window", size),
                 param("before", (size - 1) / 2),
                 param_float("factor", c.node.attr_float("alpha", 1e-4F) / static_cast<float>(size)),
                 param_float("beta", c.node.attr_float("beta", 0.75F)),
                 param_float("bias", c.node.attr_float("bias", 1.0F))};
  c.add(std::move(call));
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_LRN){"", "LRN", infer, lower};

}  // namespace o2m
