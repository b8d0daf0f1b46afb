// EyeLike 9-22 and NonZero 9-13. EyeLike reads no elements: its result is a constant; NonZero works on
// constants.

#include "ops/eval_elementwise.hpp"

namespace o2m {
namespace {

/// Ones on diagonal k of a matrix as large as x.
void infer_eye(InferContext& c) {
  const Shape& x = c.shape(0);
  if (x.size() != 2) refuse("x has shape {}, expected a matrix", to_string(x));
  const std::int64_t declared = c.node.attr("dtype", static_cast<std::int64_t>(c.type(0))),
                     k = c.node.attr("k", 0);
  if (element_count(x) > std::int64_t{1} << 24)
    refuse("x has shape {}: a constant of more than 2^24 elements", to_string(x));
  const auto type = declared < 0 || declared > 255 ? DType::undefined : static_cast<DType>(declared);
  if (size_of(type) == 0 || type == DType::float16)
    refuse("elements of type {} are not supported", to_string(type));
  c.set(0, type, x);
  if (c.node.outputs.at(0) == ValueId::none) return;
  Tensor eye = make_tensor(type, x);
  visit_type(type, [&](auto zero) {
    for (std::int64_t i = 0; i < x[0] && k > -x[0] && k < x[1]; ++i)
      if (i + k >= 0 && i + k < x[1])
        eye.as<decltype(zero)>()[static_cast<std::size_t>(i * x[1] + i + k)] = decltype(zero)(1);
  });
  c.graph[c.node.outputs[0]].constant = std::make_shared<const Tensor>(std::move(eye));
}

std::vector<std::vector<std::int64_t>> places(const Tensor& x) {
  std::vector<std::vector<std::int64_t>> found(x.shape.size());
  for (std::int64_t i = 0; i < x.count(); ++i) {
    if (x.real(i) == 0) continue;
    std::int64_t rest = i;
    for (std::size_t d = x.shape.size(); d-- > 0; rest /= x.shape[d]) found[d].push_back(rest % x.shape[d]);
  }
  return found;
}

void infer_non_zero(InferContext& c) {
  const auto found = places(c.required_constant(0, "x"));
  if (found.empty()) refuse("x is a scalar, expected at least one dimension");
  if (found[0].empty()) refuse("x has no element but zeros: the result would be empty");
  c.set(0, DType::int64,
        {static_cast<std::int64_t>(found.size()), static_cast<std::int64_t>(found[0].size())});
}

std::vector<Tensor> eval_non_zero(const Graph& graph, const Node& node, EvalInputs in) {
  Tensor y = make_tensor(DType::int64, graph.shape(node.outputs[0]));
  std::int64_t* to = y.as<std::int64_t>().data();
  for (const auto& row : places(*in[0])) to = std::copy(row.begin(), row.end(), to);
  return {std::move(y)};
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_EyeLike){"", "EyeLike", infer_eye};
ONNX2MCU_DEFINE_OP(op_NonZero){"", "NonZero", infer_non_zero, nullptr, eval_non_zero};

}  // namespace o2m
