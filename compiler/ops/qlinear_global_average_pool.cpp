// com.microsoft QLinearGlobalAveragePool 1: x, x_scale, x_zero_point, y_scale, y_zero_point.
// Requantizes the sum of x - x_zero_point with x_scale / (y_scale * float(cells)), rounded before the zero
// point.

#include "ops/qlinear_global_average_pool.hpp"

#include "ops/quantization.hpp"

namespace o2m {
namespace {

void infer(InferContext& c) {
  const PoolImage image = pool_image(c.node, c.shape(0));
  c.set(0, infer_pooled_type(c),
        pool_shape(c.node, image, std::vector<std::int64_t>(image.spatial.size(), 1)));
}

void lower(LowerContext& c) {
  const PoolImage image = pool_image(c.node, c.in_shape(0));
  lower_global_average_pool(c, image);
}

}  // namespace

DType infer_pooled_type(const InferContext& c) {
  if (!is_8bit(c.type(0))) refuse("x is {}, only int8 and uint8 are supported", to_string(c.type(0)));
  for (const std::size_t i : {std::size_t{2}, std::size_t{4}})
    if (c.has(i) && c.type(i) != c.type(0))
      refuse("zero point (input {}) is {}, expected {} as x", i, to_string(c.type(i)), to_string(c.type(0)));
  return c.type(0);
}

void lower_global_average_pool(LowerContext& c, const PoolImage& image) {
  const DType type = c.in(0).type;
  const std::int64_t cells = element_count(image.spatial);
  const float x_scale = read_scale(c.required_constant(1, "x_scale"), "x_scale");
  const float y_scale = read_scale(c.required_constant(3, "y_scale"), "y_scale");
  const std::int64_t x_zero_point = read_zero_point(c, 2, "x_zero_point");
  const AccumulatorRange range{cells * (min_of(type) - x_zero_point), cells * (max_of(type) - x_zero_point)};
  if (cells > (std::int64_t{1} << 23)) refuse("a sum of {} cells may leave int32", cells);
  if (!channels_last(c.node))
    refuse("{} spatial dimensions are not supported, only 1 or 2", image.spatial.size());
  Call call = c.call("global_average_pool", "average_pool.hpp");
  call.reads = {c.operand(0)};
  call.writes = {c.output(0)};
  call.params = {param("in_h", image.spatial.size() == 1 ? 1 : image.spatial[0]),
                 param("in_w", image.spatial.back()), param("channels", image.channels),
                 param("x_zero_point", x_zero_point)};
  add_requantization(c, call, {x_scale / (y_scale * static_cast<float>(cells))},
                     read_zero_point(c, 4, "y_zero_point"), type, {range});
  c.add(std::move(call));
}

ONNX2MCU_DEFINE_OP(op_ms_QLinearGlobalAveragePool){"com.microsoft", "QLinearGlobalAveragePool", infer, lower};

}  // namespace o2m
