// BatchNormalization 7-15, inference: x, scale, B, mean, var. A multiplication and an addition per element
// with constants per channel; ONNX Runtime folds it into a Conv before it, and so does the fuse pass.

#include <cmath>

#include "ops/estimate.hpp"
#include "ops/lower.hpp"
#include "ops/window.hpp"

namespace o2m {
namespace {

void infer(InferContext& c) {
  if (c.type(0) != DType::float32) refuse("x is {}, only float32 is supported", to_string(c.type(0)));
  if (c.node.attr("training_mode", 0) != 0) refuse("training_mode is not supported, only inference");
  if (c.shape(0).size() < 2) refuse("x has shape {}, expected [N, C, …]", to_string(c.shape(0)));
  const std::int64_t channels = channels_of(c.shape(0), channels_last(c.node));
  for (std::size_t i = 1; i < 5; ++i)
    if (c.type(i) != DType::float32 || c.shape(i) != Shape{channels})
      refuse("input {} is {}{}, expected float32[{}]", i, to_string(c.type(i)), to_string(c.shape(i)),
             channels);
  c.set(0, DType::float32, c.shape(0));
}

/// Inputs 1 to 4 as the kernel with run-time parameters takes them.
void lower_parameters(LowerContext& c, Call& call) {
  call.kernel = "batch_normalization";
  for (std::size_t i = 1; i < 5; ++i) call.reads.push_back(c.operand(i));
  call.params.push_back(param_float("epsilon", c.node.attr_float("epsilon", 1e-5F)));
}

/// The rounding steps are those of ONNX Runtime's kernel (batch_norm.h).
void lower_constants(LowerContext& c, Call& call) {
  const auto value = [&](std::size_t input, std::size_t i) { return c.constant(input)->as<float>()[i]; };
  const float epsilon = c.node.attr_float("epsilon", 1e-5F);
  std::vector<float> factor, addend;
  for (std::size_t i = 0; i < c.constant(1)->as<float>().size(); ++i) {
    const float inverse = 1.0F / std::sqrt(value(4, i) + epsilon);
    factor.push_back(inverse * value(1, i));
    addend.push_back(value(2, i) - value(3, i) * factor.back());
  }
  call.reads.push_back(c.array("factor", DType::float32, factor));
  call.reads.push_back(c.array("addend", DType::float32, addend));
}

void lower(LowerContext& c) {
  const Shape& shape = c.in_shape(0);
  const bool last = channels_last(c.node);
  const std::int64_t channels = channels_of(shape, last);
  const std::int64_t inner = last ? 1 : element_count({shape.begin() + 2, shape.end()});
  Call call = c.call("scale_and_shift", "batch_normalization.hpp");
  call.reads = {c.operand(0)};
  call.in_place = {{0, 0}};
  call.params = {param("outer", element_count(shape) / (channels * inner)), param("channels", channels),
                 param("inner", inner)};
  bool constant = true;
  for (std::size_t i = 1; i < 5; ++i) constant = constant && c.constant(i);
  constant ? lower_constants(c, call) : lower_parameters(c, call);
  call.writes = {c.output(0)};
  c.add(std::move(call));
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_BatchNormalization){"",      "BatchNormalization",        infer, lower,
                                          nullptr, estimate_batch_normalization};

}  // namespace o2m
