// Clip: attributes min and max up to opset 10, inputs from 11 on; float32 and integers.

#include <limits>

#include "ops/eval_elementwise.hpp"
#include "ops/lower.hpp"

namespace o2m {
namespace {

void infer(InferContext& c) {
  if (c.type(0) == DType::float16) refuse("float16 is not supported, only float32 and integers");
  for (const std::size_t i : {1, 2}) {
    if (!c.has(i)) continue;
    if (c.type(i) != c.type(0))
      refuse("input {} is {}, expected {} as x", i, to_string(c.type(i)), to_string(c.type(0)));
    if (element_count(c.shape(i)) != 1)
      refuse("input {} has shape {}, expected a scalar", i, to_string(c.shape(i)));
  }
  c.set(0, c.type(0), c.shape(0));
}

/// The bound where neither attribute nor input gives one; ONNX Runtime has the largest finite float there.
Tensor widest(DType type, bool upper) {
  Tensor t = make_tensor(type, {});
  visit_type(type, [&](auto zero) {
    using T = decltype(zero);
    t.as<T>()[0] = upper ? std::numeric_limits<T>::max() : std::numeric_limits<T>::lowest();
  });
  return t;
}

/// Bound 1 (lower) or 2 (upper) as a constant, or null when it is only known at run time.
std::optional<Tensor> bound(const Node& node, DType type, std::size_t i, bool has_input,
                            const Tensor* constant) {
  if (has_input) return constant ? std::optional(*constant) : std::nullopt;
  const char* key = i == 1 ? "min" : "max";
  Tensor t = widest(type, i == 2);
  if (node.has_attr(key) && type == DType::float32) t.as<float>()[0] = node.attr_float(key, 0.0F);
  return t;
}

void lower(LowerContext& c) {
  Call call = c.call("clip", "unary.hpp");
  call.reads = {c.operand(0)};
  for (const std::size_t i : {1, 2}) {
    const auto constant = bound(c.node, c.in(0).type, i, c.node.has_input(i), c.constant(i));
    call.reads.push_back(constant ? c.array(i == 1 ? "min" : "max", constant->type, constant->bytes)
                                  : c.operand(i));
  }
  call.writes = {c.output(0)};
  call.in_place = {{0, 0}};
  call.params = {param("size", element_count(c.in_shape(0)))};
  c.add(std::move(call));
}

std::vector<Tensor> eval(const Graph&, const Node& node, EvalInputs in) {
  const auto value = [&](std::size_t i) {
    const Tensor* input = i < in.size() ? in[i] : nullptr;
    return *bound(node, in[0]->type, i, input != nullptr, input);
  };
  const Tensor lower = value(1), upper = value(2);
  Tensor y = *in[0];
  visit_type(y.type, [&](auto zero) {
    using T = decltype(zero);
    for (T& v : y.as<T>()) v = std::min(std::max(v, lower.as<T>()[0]), upper.as<T>()[0]);
  });
  return {std::move(y)};
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_Clip){"", "Clip", infer, lower, eval};

}  // namespace o2m
