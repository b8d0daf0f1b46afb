// AveragePool 1-22, GlobalAveragePool and GlobalMaxPool 1-22 in float32.

#include "ops/estimate.hpp"
#include "ops/pool.hpp"

namespace o2m {
namespace {

/// The order of the float sum: the rule is in runtime/onnx2mcu/float_pool.hpp.
const char* average_order(const LowerContext& c, const PoolImage& image, const Window& w) {
  const std::size_t rank = image.spatial.size();
  const bool global = c.node.is("GlobalAveragePool");
  const bool ceil_with_pads = c.node.attr("ceil_mode", 0) != 0 && c.node.attr("count_include_pad", 0) != 0;
  if (rank == 2 && image.channels % 16 == 0 && !ceil_with_pads) return "window";
  if (!global && (c.graph.opset() >= 19 || ceil_with_pads)) return "window";
  if (covers_image(w, image.spatial)) return "lanes";
  return rank > 1 && w.strides.back() <= 2 && largest_of(w.kernel) <= 32 ? "columns" : "window";
}

void lower_window_average(LowerContext& c, const PoolImage& image, const Window& window) {
  const Window2d w = lowered_planes(c.node, image, window);
  Call call = c.call("float_average_pool", "float_pool.hpp");
  call.reads = {c.operand(0)};
  call.writes = {c.output(0)};
  add_window(call, w);
  call.params.push_back(param("pad_bottom", w.pad_bottom));
  call.params.push_back(param("pad_right", w.pad_right));
  call.params.push_back(param("channels", image.channels));
  call.params.push_back(param_bool("count_include_pad", c.node.attr("count_include_pad", 0) != 0));
  call.params.push_back({"onnx2mcu::AverageOrder", "order",
                         std::string("onnx2mcu::AverageOrder::") + average_order(c, image, window)});
  c.add(std::move(call));
}

void lower_average(LowerContext& c) {
  const PoolImage image = pool_image(c.node, c.in_shape(0));
  lower_window_average(c, image, pool_window(c.node, image));
}

void lower_global_average(LowerContext& c) {
  const PoolImage image = pool_image(c.node, c.in_shape(0));
  lower_window_average(c, image, whole_image(image));
}

void lower_global_max(LowerContext& c) {
  const PoolImage image = pool_image(c.node, c.in_shape(0));
  lower_max_pool(c, image, whole_image(image));
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_AveragePool){"",      "AveragePool",        infer_float_pool, lower_average,
                                   nullptr, estimate_average_pool};
ONNX2MCU_DEFINE_OP(op_GlobalAveragePool){
    "", "GlobalAveragePool", infer_global_float_pool, lower_global_average, nullptr, estimate_average_pool};
ONNX2MCU_DEFINE_OP(op_GlobalMaxPool){"",      "GlobalMaxPool",  infer_global_float_pool, lower_global_max,
                                     nullptr, estimate_max_pool};

}  // namespace o2m
