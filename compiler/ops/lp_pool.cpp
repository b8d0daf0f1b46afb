// LpPool 2-22 and GlobalLpPool 2-22 in float32 with p = 1 or 2: strides, dilations, pads, auto_pad,
// ceil_mode.

#include "ops/pool.hpp"

namespace o2m {
namespace {

void check_p(const InferContext& c) {
  const std::int64_t p = c.node.attr("p", 2);
  if (p != 1 && p != 2) refuse("p is {}, only 1 and 2 are supported", p);
}

void infer_window(InferContext& c) {
  check_p(c);
  infer_float_pool(c);
}

void infer_global(InferContext& c) {
  check_p(c);
  infer_global_float_pool(c);
}

void lower(LowerContext& c) {
  const PoolImage image = pool_image(c.node, c.in_shape(0));
  const bool global = c.node.is("GlobalLpPool");
  const Window window = global ? whole_image(image) : pool_window(c.node, image);
  Call call = c.call("lp_pool", "lp_pool.hpp");
  call.reads = {c.operand(0)};
  call.writes = {c.output(0)};
  add_window(call, lowered_planes(c.node, image, window));
  call.params.push_back(param("channels", image.channels));
  call.params.push_back(param("p", c.node.attr("p", 2)));
  c.add(std::move(call));
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_LpPool){"", "LpPool", infer_window, lower};
ONNX2MCU_DEFINE_OP(op_GlobalLpPool){"", "GlobalLpPool", infer_global, lower};

}  // namespace o2m
