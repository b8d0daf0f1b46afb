// QuantizeLinear 10-25, per tensor or per axis: y = saturate(round_half_even(x / y_scale) + y_zero_point).

#include <span>

#include "ops/eval_elementwise.hpp"
#include "ops/quantization.hpp"

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
  check_parameter_shapes(c);
  c.set(0, output_type(c), c.shape(0));
}

void lower(LowerContext& c) {
  const Shape& shape = c.in_shape(0);
  const Tensor& scale = c.required_constant(1, "y_scale");
  const DType type = c.out(0).type;
  const bool per_axis = scale.count() != 1;
  const std::size_t axis = per_axis ? normalize_axis(c.node.attr("axis", 1), shape.size()) : 0;
  const std::int64_t channels = per_axis ? shape[axis] : 1;
  const auto inner = per_axis
                         ? element_count({shape.begin() + static_cast<std::ptrdiff_t>(axis) + 1, shape.end()})
                         : element_count(shape);
  const auto zero_points = read_zero_points(c, 2, channels, "y_zero_point");
  Call call = c.call("quantize_linear", "quantize_linear.hpp");
  call.reads = {c.operand(0)};
  call.writes = {c.output(0)};
  call.in_place = {{0, 0}};
  call.params = {param("size", element_count(shape)), param("channels", channels), param("inner", inner),
                 param("y_min", min_of(type)), param("y_max", max_of(type))};
  call.params.push_back(param_array(
      c.program, "scale", c.array("scale", DType::float32, read_scales(scale, channels, "y_scale"))));
  call.params.push_back(
      param_array(c.program, "zero_point", c.array("zero_point", DType::int32, zero_points)));
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
  const bool per_axis = in[1]->count() != 1;
  const std::size_t axis = per_axis ? normalize_axis(node.attr("axis", 1), x.shape.size()) : 0;
  const std::int64_t channels = per_axis ? x.shape[axis] : 1;
  const auto inner =
      per_axis ? element_count({x.shape.begin() + static_cast<std::ptrdiff_t>(axis) + 1, x.shape.end()})
               : x.count();
  const auto scales = read_scales(*in[1], channels, "y_scale");
  const auto zero_points = read_zero_points(in.size() > 2 ? in[2] : nullptr, channels, "y_zero_point");
  Tensor y = make_tensor(graph[node.outputs[0]].type, x.shape);
  visit_type(y.type, [&](auto zero) {
    const auto q = y.as<decltype(zero)>();
    const auto run = static_cast<std::size_t>(inner);
    for (std::size_t i = 0; i < q.size(); i += run) {
      const std::size_t c = i / run % static_cast<std::size_t>(channels);
      quantize_run(q.subspan(i, run), x.as<float>().data() + i, scales[scales.size() == 1 ? 0 : c],
                   zero_points[zero_points.size() == 1 ? 0 : c], y.type);
    }
  });
  return {std::move(y)};
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_QuantizeLinear){"", "QuantizeLinear", infer, lower, eval};
ONNX2MCU_DEFINE_OP(op_ms_QuantizeLinear){"com.microsoft", "QuantizeLinear", infer, lower, eval};

}  // namespace o2m
