// Range 11-27: start, start + delta, … below limit; of constants only, so it always folds.

#include <cmath>

#include "ops/eval_elementwise.hpp"

namespace o2m {
namespace {

/// max(ceil((limit - start) / delta), 0): the difference in the elements' type, the quotient in double.
std::int64_t count_of(const Tensor& start, const Tensor& limit, const Tensor& delta) {
  if (delta.real(0) == 0) refuse("delta is 0");
  double length = 0;
  if (start.type == DType::float32)
    length = static_cast<double>(limit.as<float>()[0] - start.as<float>()[0]);
  else if (start.type == DType::float64)
    length = limit.real(0) - start.real(0);
  else
    length = static_cast<double>(static_cast<std::int64_t>(static_cast<std::uint64_t>(limit.integer(0)) -
                                                           static_cast<std::uint64_t>(start.integer(0))));
  const double count = std::ceil(length / delta.real(0));
  if (!(count <= 2147483648.0)) refuse("it would have more than 2^31 elements");
  return count > 0 ? static_cast<std::int64_t>(count) : 0;
}

void infer(InferContext& c) {
  static constexpr const char* names[] = {"start", "limit", "delta"};
  const Tensor* values[3] = {};
  for (std::size_t i = 0; i < 3; ++i) {
    values[i] = &c.required_constant(i, names[i]);
    if (values[i]->count() != 1)
      refuse("{} has shape {}, expected a scalar", names[i], to_string(values[i]->shape));
    if (values[i]->type != values[0]->type)
      refuse("{} is {}, start {}", names[i], to_string(values[i]->type), to_string(values[0]->type));
  }
  const DType type = values[0]->type;
  if (type == DType::float16 || (!is_float(type) && !is_integer(type)))
    refuse("elements of type {} are not supported", to_string(type));
  c.set(0, type, {count_of(*values[0], *values[1], *values[2])});
}

/// ONNX Runtime adds delta again and again, which for floats differs from start + i * delta.
std::vector<Tensor> eval(const Graph& graph, const Node& node, EvalInputs in) {
  Tensor y = make_tensor(in[0]->type, graph.shape(node.outputs[0]));
  visit_type(y.type, [&](auto zero) {
    using T = decltype(zero);
    using Sum = std::conditional_t<std::is_integral_v<T>, std::uint64_t, T>;  // integers wrap
    auto value = static_cast<Sum>(in[0]->as<T>()[0]);
    const auto delta = static_cast<Sum>(in[2]->as<T>()[0]);
    for (T& out : y.as<T>()) {
      out = static_cast<T>(value);
      value += delta;
    }
  });
  return {std::move(y)};
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_Range){"", "Range", infer, nullptr, eval};

}  // namespace o2m
