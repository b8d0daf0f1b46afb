// Constant 7-25: always folds.

#include "ops/op.hpp"

namespace o2m {
namespace {

template <class T>
Tensor from(DType type, Shape shape, const std::vector<T>& values) {
  return make_tensor(type, std::move(shape), std::span<const T>(values));
}

Tensor value_of(const Node& node) {
  for (const auto& [key, attribute] : node.attributes) {
    if (key == "value")
      if (const auto* v = std::get_if<TensorPtr>(&attribute)) return **v;
    if (key == "value_float")
      if (const auto* v = std::get_if<float>(&attribute)) return from<float>(DType::float32, {}, {*v});
    if (key == "value_int")
      if (const auto* v = std::get_if<std::int64_t>(&attribute))
        return from<std::int64_t>(DType::int64, {}, {*v});
    if (key == "value_floats")
      if (const auto* v = std::get_if<std::vector<float>>(&attribute))
        return from(DType::float32, {static_cast<std::int64_t>(v->size())}, *v);
    if (key == "value_ints")
      if (const auto* v = std::get_if<std::vector<std::int64_t>>(&attribute))
        return from(DType::int64, {static_cast<std::int64_t>(v->size())}, *v);
  }
  refuse(
      "it has none of the attributes value, value_float, value_floats, value_int, value_ints in a supported "
      "type");
}

void infer_constant(InferContext& c) {
  const Tensor value = value_of(c.node);
  c.set(0, value.type, value.shape);
}

std::vector<Tensor> eval_constant(const Graph&, const Node& node, EvalInputs) { return {value_of(node)}; }

}  // namespace

ONNX2MCU_DEFINE_OP(op_Constant){"", "Constant", infer_constant, nullptr, eval_constant};

}  // namespace o2m
