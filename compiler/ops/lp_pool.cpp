// LpPool 2-22 and GlobalLpPool 2-22 in float32 with p = 1 or 2: strides, dilations, pads, auto_pad, ceil_mode.

#include "ops/pool.hpp"

namespace o2m {
namespace {

void check(const InferContext& c) {
  if (c.type(0) != DType::float32) refuse("x is {}, only float32 is supported", to_string(c.type(0)));
  const std::int64_t p = c.node.attr("p", 2);
  if (p != 1 && p != 2) refuse("p is {}, only 1 and 2 are supported", p);
}

void infer_window(InferContext& c) {
  check(c);
  const PoolImage image = pool_image(c.node, c.shape(0));
  c.set(0, DType::float32, pool_shape(c.node, image, pool_window(c.node, image).out));
}

void infer_global(InferContext& c) {
  check(c);
  const PoolImage image = pool_image(c.node, c.shape(0));
  c.set(0, DType::float32, pool_shape(c.node, image, std::vector<std::int64_t>(image.spatial.size(), 1)));
}

void lower(LowerContext& c) {
  const PoolImage image = pool_image(c.node, c.in_shape(0));
  const bool global = c.node.is("GlobalLpPool");
  const Window2d window = global ? whole_image(c.node, image) : lowered_window(c.node, image, pool_window(c.node, image));
  Call call = c.call("lp_pool", "lp_pool.hpp");
  call.reads = {c.operand(0)};
  call.writes = {c.output(0)};
  add_window(call, window);
  call.params.push_back(param("channels", image.channels));
  call.params.push_back(param("p", c.node.attr("p", 2)));
  c.add(std::move(call));
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_LpPool){"", "LpPool", infer_window, lower};
ONNX2MCU_DEFINE_OP(op_GlobalLpPool){"", "GlobalLpPool", infer_global, lower};

}  // namespace o2m
