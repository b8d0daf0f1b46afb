// ConstantOfShape 9-25: one value repeated; the shape is a constant, so it always folds.

#include "ops/int_list.hpp"
#include "ops/op.hpp"

namespace o2m {
namespace {

/// The element to repeat; a float 0 by default.
Tensor value_of(const Node& node) {
  const auto it = node.attributes.find("value");
  if (it == node.attributes.end()) return make_tensor(DType::float32, {1});
  const auto* value = std::get_if<TensorPtr>(&it->second);
  if (!value) refuse("attribute \"value\" has the wrong type, expected TENSOR");
  if ((*value)->count() != 1) refuse("attribute \"value\" has {} elements, expected 1", (*value)->count());
  return **value;
}

void infer(InferContext& c) {
  const auto shape = int_list_input(c.graph, c.node, "input", 0);
  if (!shape) refuse("input 0 is missing");
  c.set(0, value_of(c.node).type, *shape);
}

std::vector<Tensor> eval(const Graph&, const Node& node, EvalInputs in) {
  const Tensor value = value_of(node);
  Tensor y = make_tensor(value.type, in[0]->integers());
  for (std::size_t at = 0; at < y.bytes.size(); at += value.bytes.size())
    std::memcpy(y.bytes.data() + at, value.bytes.data(), value.bytes.size());
  return {std::move(y)};
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_ConstantOfShape){"", "ConstantOfShape", infer, nullptr, eval};

}  // namespace o2m
