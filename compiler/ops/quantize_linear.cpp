// QuantizeLinear 10-25, per tensor, per axis or in blocks: y = saturate(round_half_even(x / y_scale) +
// y_zero_point).

#include <span>

#include "ops/eval_elementwise.hpp"
#include "ops/quantization_axis.hpp"

namespace o2m {
namespace {

DType output_type(const InferContext& c) {
  if (c.has(2)) return c.type(2);
  const auto declared = static_cast<DType>(c.node.attr("output_dtype", 0));
  return declared == DType::undefined ? DType::uint8 : declared;
}

void infer(InferContext& c) {
  if (c.type(0) != DType::float32) refuse("x is {}, only float32 is supported", to_string(c.type(0)));
  if (c.type(1) != DType::float32) refuse("y_scale is {}, only float32 is supported", to_string(c.type(1)));
  check_quantization(c);
  c.set(0, output_type(c), c.shape(0));
}

void lower(LowerContext& c) {
  const DType type = c.out(0).type;
  const QuantizationAxis axis = quantization_axis(c.node, c.in_shape(0), c.in_shape(1));
  const bool computed = is_quantization_computed(c);
  Call call = c.call(computed                       ? "quantize_linear_computed"
                     : axis.block > 0               ? "quantize_blocks"
                     : c.node.has_attr("from_half") ? "quantize_halves"
                                                    : "quantize_linear",
                     "quantize_linear.hpp");
  call.reads = {c.operand(0)};
  call.writes = {c.output(0)};
  call.in_place = {{0, 0}};
  add_quantization_axis(call, axis, element_count(c.in_shape(0)));
  call.params.push_back(param("y_min", min_of(type)));
  call.params.push_back(param("y_max", max_of(type)));
  if (computed)
    add_computed_quantization(c, call, axis, type);
  else
    add_quantization_constants(c, call, axis, "y_scale", "y_zero_point");
  c.add(std::move(call));
}

/// Round half to even, for |v| <= 2^22: std::nearbyint is a call on a plain x86-64.
float rounded(float v) {
  constexpr float magic = 12582912.0F;  // 1.5 * 2^23
  return v + magic - magic;
}

/// q[i] = saturate(round(x[i] / scale) + zero_point) for elements of a type of at most 16 bits
template <class T>
void quantize_run(std::span<T> q, const float* x, float scale, std::int32_t zero_point, DType type) {
  const float lowest = static_cast<float>(min_of(type) - zero_point),
              highest = static_cast<float>(max_of(type) - zero_point);
  for (std::size_t i = 0; i < q.size(); ++i) {
    const float scaled = x[i] / scale;
    const float clamped =
        scaled > lowest ? (scaled < highest ? scaled : highest) : lowest;  // NaN becomes the lowest
    q[i] = static_cast<T>(static_cast<std::int32_t>(rounded(clamped)) + zero_point);
  }
}

std::vector<Tensor> eval(const Graph& graph, const Node& node, EvalInputs in) {
  const Tensor& x = *in[0];
  const QuantizationAxis axis = quantization_axis(node, x.shape, in[1]->shape);
  const std::int64_t count = axis.block > 0 ? axis.scales : axis.channels;
  const auto scales = read_scales(*in[1], count, "y_scale");
  const auto zero_points = read_zero_points(in.size() > 2 ? in[2] : nullptr, count, "y_zero_point");
  Tensor y = make_tensor(graph[node.outputs[0]].type, x.shape);
  visit_type(y.type, [&](auto zero) {
    const auto q = y.as<decltype(zero)>();
    axis.for_each_run(x.count(), [&](std::size_t first, std::size_t run, std::size_t s) {
      quantize_run(q.subspan(first, run), x.as<float>().data() + first, scales[s],
                   zero_points[zero_points.size() == 1 ? 0 : s], y.type);
    });
  });
  return {std::move(y)};
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_QuantizeLinear){"", "QuantizeLinear", infer, lower, eval};
ONNX2MCU_DEFINE_OP(op_ms_QuantizeLinear){"com.microsoft", "QuantizeLinear", infer, lower, eval};

}  // namespace o2m
