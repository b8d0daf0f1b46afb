#include "ops/quantization_axis.hpp"

#include <algorithm>

namespace o2m {
namespace {

std::int64_t block_size(const Node& node) { return node.attr("block_size", 0); }

/// Shape of the scales of blocks along `axis`.
Shape blocked_shape(const Shape& x, std::size_t axis, std::int64_t block) {
  Shape shape = x;
  shape[axis] = x[axis] / block + (x[axis] % block != 0 ? 1 : 0);
  return shape;
}

}  // namespace

QuantizationAxis quantization_axis(const Node& node, const Shape& x, const Shape& scale) {
  QuantizationAxis a;
  a.block = block_size(node);
  a.scales = element_count(scale);
  a.inner = element_count(x);
  if (a.scales == 1 && a.block == 0) return a;
  const std::size_t axis = normalize_axis(node.attr("axis", 1), x.size());
  a.channels = x[axis];
  a.block = std::min(a.block,
                     std::max<std::int64_t>(a.channels, 1));  // a larger one is the same, and may be no int
  a.inner = element_count(x, axis + 1, x.size());
  return a;
}

void check_quantization(const InferContext& c) {
  check_parameter_shapes(c);
  const std::int64_t block = block_size(c.node);
  if (block < 0) refuse("block_size {} is negative", block);
  if (block == 0) return;
  const Shape expected =
      blocked_shape(c.shape(0), normalize_axis(c.node.attr("axis", 1), c.shape(0).size()), block);
  if (c.shape(1) != expected)
    refuse("the scale has shape {}, expected {} with block_size {}", to_string(c.shape(1)),
           to_string(expected), block);
}

void add_quantization_axis(Call& call, const QuantizationAxis& axis, std::int64_t size) {
  call.params = {param("size", size), param("channels", axis.channels), param("inner", axis.inner)};
  if (axis.block > 0) call.params.push_back(param("block", axis.block));
}

void add_quantization_constants(LowerContext& c, Call& call, const QuantizationAxis& axis, const char* scale,
                                const char* zero_point) {
  const std::int64_t count = axis.block > 0 ? axis.scales : axis.channels;
  const auto scales = read_scales(c.required_constant(1, scale), count, scale);
  const auto zero_points = read_zero_points(c, 2, count, zero_point);
  call.params.push_back(param_array(c.program, "scale", c.array("scale", DType::float32, scales)));
  call.params.push_back(
      param_array(c.program, "zero_point", c.array("zero_point", DType::int32, zero_points)));
}

bool is_quantization_computed(const LowerContext& c) {
  return !c.constant(1) || (c.node.has_input(2) && !c.constant(2));
}

void add_computed_quantization(LowerContext& c, Call& call, const QuantizationAxis& axis,
                               DType zero_point_type) {
  if (axis.scales != 1 || axis.block > 0)
    refuse(
        "scale {} and zero point are computed at run time: one for the whole tensor is supported, or "
        "constants",
        to_string(c.in_shape(1)));
  call.reads.push_back(c.operand(1));
  call.reads.push_back(zero_point_operand(c, 2, zero_point_type));
}

}  // namespace o2m
