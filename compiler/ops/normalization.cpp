// LayerNormalization 17, RMSNormalization 23, InstanceNormalization 7-22, GroupNormalization 18-21,
// LpNormalization 7-22: a row, channel or group is brought to mean 0 and deviation 1 (or to length 1), then
// scaled.

#include <algorithm>
#include <cmath>

#include "ops/lower.hpp"
#include "ops/window.hpp"

namespace o2m {
namespace {

void check_float(const InferContext& c) {
  for (std::size_t i = 0; i < c.input_count(); ++i)
    if (c.has(i) && c.type(i) != DType::float32)
      refuse("input {} is {}, only float32 is supported", i, to_string(c.type(i)));
}

float epsilon_of(const Node& node) { return node.attr_float("epsilon", 1e-5F); }

// LayerNormalization, RMSNormalization

std::size_t first_axis(const Node& node, const Shape& x) {
  return normalize_axis(node.attr("axis", -1), x.size());
}

void infer_layer(InferContext& c) {
  check_float(c);
  const Shape& x = c.shape(0);
  const std::size_t axis = first_axis(c.node, x);
  if (c.node.attr("stash_type", 1) != 1)
    refuse("stash_type {} is not supported, only 1 (float32)", c.node.attr("stash_type", 1));
  for (std::size_t i = 1; i < c.input_count(); ++i)
    if (c.has(i) && element_count(c.shape(i)) != element_count(x, axis, x.size()))
      refuse("input {} has shape {}, expected that of x from axis {} on", i, to_string(c.shape(i)), axis);
  Shape rows = x;
  std::fill(rows.begin() + static_cast<std::ptrdiff_t>(axis), rows.end(), 1);
  c.set(0, DType::float32, x);
  c.set(1, DType::float32, rows);
  c.set(2, DType::float32, rows);
}

void lower_layer(LowerContext& c) {
  const Shape& x = c.in_shape(0);
  const std::size_t axis = first_axis(c.node, x);
  const auto call_of = [&](const char* kernel, std::size_t output) {
    Call call = c.call(kernel, "normalization.hpp");
    if (output > 0) call.name += output == 1 ? "_mean" : "_inverse_deviation";
    call.reads = {c.operand(0)};
    call.writes = {c.output(output)};
    call.params = {param("rows", element_count(x, 0, axis)), param("n", element_count(x, axis, x.size())),
                   param_float("epsilon", epsilon_of(c.node)),
                   param_bool("simplified", c.node.is("RMSNormalization"))};
    return call;
  };
  const char* kernels[] = {"", "layer_mean", "layer_inverse_deviation"};
  for (std::size_t o = 1; o < 3; ++o)
    if (o < c.node.outputs.size() && c.node.outputs[o] != ValueId::none) c.add(call_of(kernels[o], o));
  Call call = call_of("layer_normalization", 0);
  for (std::size_t i = 1; i < c.node.inputs.size(); ++i)
    if (c.node.has_input(i)) call.reads.push_back(c.operand(i));
  call.in_place = {{0, 0}};
  c.add(std::move(call));
}

// InstanceNormalization

void infer_instance(InferContext& c) {
  check_float(c);
  const Shape& x = c.shape(0);
  if (x.size() < 3) refuse("x has shape {}, expected [N, C, …]", to_string(x));
  for (std::size_t i = 1; i < 3; ++i)
    if (c.shape(i) != Shape{channels_of(x, channels_last(c.node))})
      refuse("input {} has shape {}, expected [{}]", i, to_string(c.shape(i)),
             channels_of(x, channels_last(c.node)));
  c.set(0, DType::float32, x);
}

void lower_instance(LowerContext& c) {
  const Shape& x = c.in_shape(0);
  const bool last = channels_last(c.node);
  const std::int64_t channels = channels_of(x, last), n = element_count(x) / (x[0] * channels);
  Call call = c.call("instance_normalization", "normalization.hpp");
  call.reads = {c.operand(0), c.operand(1), c.operand(2)};
  call.writes = {c.output(0)};
  call.params = {param("batch", x[0]),
                 param("channels", channels),
                 param("n", n),
                 param("step", last ? channels : 1),
                 param("channel_step", last ? 1 : n),
                 param_float("epsilon", epsilon_of(c.node))};
  c.add(std::move(call));
}

// GroupNormalization

void infer_group(InferContext& c) {
  check_float(c);
  const Shape& x = c.shape(0);
  const std::int64_t groups = c.node.attr("num_groups", 0);
  if (x.size() < 2 || groups < 1 || x[1] % groups != 0)
    refuse("num_groups {} does not divide the channels of x {}", groups, to_string(x));
  const std::int64_t expected = c.graph.opset() < 21 ? groups : x[1];
  for (std::size_t i = 1; i < 3; ++i)
    if (c.shape(i) != Shape{expected})
      refuse("input {} has shape {}, expected [{}]", i, to_string(c.shape(i)), expected);
  c.set(0, DType::float32, x);
}

void lower_group(LowerContext& c) {
  const Shape& x = c.in_shape(0);
  const std::int64_t groups = c.node.attr("num_groups", 0), n = element_count(x) / (x[0] * groups);
  Call call = c.call("group_normalization", "normalization.hpp");
  call.reads = {c.operand(0), c.operand(1), c.operand(2)};
  call.writes = {c.output(0)};
  call.params = {param("batch", x[0]), param("groups", groups), param("n", n),
                 param("inner", c.graph.opset() < 21 ? n : element_count(x, 2, x.size())),
                 param_float("epsilon", epsilon_of(c.node))};
  c.add(std::move(call));
}

// LpNormalization

void infer_lp(InferContext& c) {
  check_float(c);
  const std::int64_t p = c.node.attr("p", 2);
  if (p != 1 && p != 2) refuse("p is {}, expected 1 or 2", p);
  normalize_axis(c.node.attr("axis", -1), c.shape(0).size());
  c.set(0, DType::float32, c.shape(0));
}

void lower_lp(LowerContext& c) {
  const Shape& x = c.in_shape(0);
  const std::size_t axis = normalize_axis(c.node.attr("axis", -1), x.size());
  Call call = c.call("lp_normalization", "normalization.hpp");
  call.reads = {c.operand(0)};
  call.writes = {c.output(0)};
  call.in_place = {{0, 0}};
  call.params = {param("outer", element_count(x, 0, axis)), param("n", x[axis]),
                 param("stride", element_count(x, axis + 1, x.size())), param("p", c.node.attr("p", 2))};
  c.add(std::move(call));
}

/// Rows of n elements with mean 0 and deviation 1 for calibration, scaled; their means and inverse
/// deviations. `scale_at(row, i)` is the index of scale and bias.
template <class At>
std::vector<Tensor> estimate_rows(const Tensor& x, std::int64_t n, const Node& node, EvalInputs in,
                                  At scale_at) {
  const bool simplified = node.is("RMSNormalization");
  Tensor y = x, means = make_tensor(DType::float32, {x.count() / n}), inverses = means;
  for (std::int64_t row = 0; row < x.count() / n; ++row) {
    double sum = 0, squares = 0;
    for (std::int64_t i = row * n; i < (row + 1) * n; ++i) {
      sum += x.real(i);
      squares += x.real(i) * x.real(i);
    }
    const double mean = simplified ? 0 : sum / static_cast<double>(n);
    const double deviation = std::sqrt(squares / static_cast<double>(n) - mean * mean + epsilon_of(node));
    for (std::int64_t i = 0; i < n; ++i) {
      const std::int64_t at = scale_at(row, i);
      const double bias = in.size() > 2 && in[2] ? in[2]->real(at) : 0;
      y.as<float>()[static_cast<std::size_t>(row * n + i)] =
          static_cast<float>((x.real(row * n + i) - mean) / deviation * in[1]->real(at) + bias);
    }
    means.as<float>()[static_cast<std::size_t>(row)] = static_cast<float>(mean);
    inverses.as<float>()[static_cast<std::size_t>(row)] = static_cast<float>(1 / deviation);
  }
  return {std::move(y), std::move(means), std::move(inverses)};
}

std::vector<Tensor> estimate_layer(const Graph&, const Node& node, EvalInputs in) {
  const Shape& x = in[0]->shape;
  const std::size_t axis = first_axis(node, x);
  std::vector<Tensor> out = estimate_rows(*in[0], element_count(x, axis, x.size()), node, in,
                                          [](std::int64_t, std::int64_t i) { return i; });
  for (std::size_t o = 1; o < out.size(); ++o) {
    out[o].shape = x;
    std::fill(out[o].shape.begin() + static_cast<std::ptrdiff_t>(axis), out[o].shape.end(), 1);
  }
  return out;
}

std::vector<Tensor> estimate_instance(const Graph&, const Node& node, EvalInputs in) {
  const Shape& x = in[0]->shape;
  std::vector<Tensor> out = estimate_rows(*in[0], element_count(x, 2, x.size()), node, in,
                                          [&](std::int64_t row, std::int64_t) { return row % x[1]; });
  return {std::move(out[0])};
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_LayerNormalization){"",      "LayerNormalization", infer_layer, lower_layer,
                                          nullptr, estimate_layer};
ONNX2MCU_DEFINE_OP(op_RMSNormalization){"",      "RMSNormalization", infer_layer, lower_layer,
                                        nullptr, estimate_layer};
ONNX2MCU_DEFINE_OP(op_InstanceNormalization){"",      "InstanceNormalization", infer_instance, lower_instance,
                                             nullptr, estimate_instance};
ONNX2MCU_DEFINE_OP(op_GroupNormalization){"", "GroupNormalization", infer_group, lower_group};
ONNX2MCU_DEFINE_OP(op_LpNormalization){"", "LpNormalization", infer_lp, lower_lp};

}  // namespace o2m
