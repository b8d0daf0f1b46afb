// MaxPool 1-22 of float32 (1-D to 3-D), int8 and uint8 (1-D and 2-D): strides, dilations, pads, auto_pad,
// ceil_mode. Inputs: x. Outputs: y, [indices].

#include "ops/estimate.hpp"
#include "ops/pool.hpp"

namespace o2m {
namespace {

void infer(InferContext& c) {
  if (!is_8bit(c.type(0)) && c.type(0) != DType::float32)
    refuse("x is {}, only float32, int8 and uint8 are supported", to_string(c.type(0)));
  const PoolImage image = pool_image(c.node, c.shape(0));
  const Shape y = pool_shape(c.node, image, pool_window(c.node, image).out);
  c.set(0, c.type(0), y);
  c.set(1, DType::int64, y);
}

/// With the second output the node stays channels first: it counts places there.
void lower_with_indices(LowerContext& c, const PoolImage& image, const Window2d& window) {
  Call call = c.call("max_pool_indices", "max_pool_indices.hpp");
  call.reads = {c.operand(0)};
  call.writes = {c.output(0), c.output(1)};
  add_window(call, window);
  call.params.push_back(param("planes", image.channels));
  call.params.push_back(param("channels", 1));
  call.params.push_back(param_bool("by_columns", c.node.attr("storage_order", 0) != 0));
  c.add(std::move(call));
}

void lower(LowerContext& c) {
  const PoolImage image = pool_image(c.node, c.in_shape(0));
  if (c.node.outputs.size() > 1)
    return lower_with_indices(c, image, to_2d(pool_window(c.node, image), image.spatial));
  lower_max_pool(c, image, pool_window(c.node, image));
}

/// The order of float comparisons: the rule is in runtime/onnx2mcu/float_max_pool.hpp.
const char* max_order(const PoolImage& image, const Window& w) {
  const std::size_t rank = image.spatial.size();
  if (rank == 2 && image.channels % 16 == 0) return "last";
  if (!all_ones(w.dilations)) return "dilated";
  if (covers_image(w, image.spatial)) return "lanes";
  return rank > 1 && w.strides.back() <= 2 && largest_of(w.kernel) <= 32 ? "columns" : "first";
}

}  // namespace

void lower_max_pool(LowerContext& c, const PoolImage& image, const Window& window) {
  const bool is_float = c.in(0).type == DType::float32;
  Call call = is_float      ? c.call("float_max_pool", "float_max_pool.hpp")
              : c.blocked() ? c.call("packed_max_pool", "packed_max_pool.hpp")
                            : c.call("max_pool", "max_pool.hpp");
  call.reads = {c.operand(0)};
  call.writes = {c.output(0)};
  add_window(call, is_float ? lowered_planes(c.node, image, window) : lowered_window(c.node, image, window));
  call.params.push_back(param("channels", image.channels));
  if (is_float)
    call.params.push_back(
        {"onnx2mcu::MaxOrder", "order", std::string("onnx2mcu::MaxOrder::") + max_order(image, window)});
  c.add(std::move(call));
}

ONNX2MCU_DEFINE_OP(op_MaxPool){"", "MaxPool", infer, lower, nullptr, estimate_max_pool};

}  // namespace o2m
