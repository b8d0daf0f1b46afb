// MaxPool 1-22 of float32, int8 and uint8: strides, dilations, pads, auto_pad, ceil_mode. Inputs: x.

#include "ops/pool.hpp"

namespace o2m {
namespace {

void infer(InferContext& c) {
  if (!is_8bit(c.type(0)) && c.type(0) != DType::float32)
    refuse("x is {}, only float32, int8 and uint8 are supported", to_string(c.type(0)));
  if (c.node.outputs.size() > 1 && c.node.outputs[1] != ValueId::none) refuse("the second output, Indices, is not supported");
  const PoolImage image = pool_image(c.node, c.shape(0));
  c.set(0, c.type(0), pool_shape(c.node, image, pool_window(c.node, image).out));
}

void lower(LowerContext& c) {
  const PoolImage image = pool_image(c.node, c.in_shape(0));
  Call call = c.call("max_pool", "max_pool.hpp");
  call.reads = {c.operand(0)};
  call.writes = {c.output(0)};
  add_window(call, lowered_window(c.node, image, pool_window(c.node, image)));
  call.params.push_back(param("channels", image.channels));
  c.add(std::move(call));
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_MaxPool){"", "MaxPool", infer, lower};

}  // namespace o2m
