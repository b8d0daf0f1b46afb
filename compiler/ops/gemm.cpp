// Gemm 7-13 in float32: y = alpha · op(a) · op(b) + beta · c, c broadcast to the result.

#include "ops/estimate.hpp"
#include "ops/eval_elementwise.hpp"
#include "ops/float_matmul.hpp"

namespace o2m {
namespace {

FloatProduct product_of(const Node& node, const Shape& a, const Shape& b) {
  if (a.size() != 2 || b.size() != 2) refuse("a {} and b {} must be matrices", to_string(a), to_string(b));
  const bool ta = node.attr("transA", 0) != 0, tb = node.attr("transB", 0) != 0;
  const std::int64_t m = a[ta ? 1 : 0];
  const FloatProduct p{m,
                       m,
                       a[ta ? 0 : 1],
                       b[tb ? 0 : 1],
                       ta,
                       tb,
                       node.attr_float("alpha", 1.0F),
                       node.attr_float("beta", 1.0F)};
  if (b[tb ? 1 : 0] != p.k)
    refuse("a {} and b {} do not match (transA {}, transB {})", to_string(a), to_string(b), ta, tb);
  return p;
}

void infer(InferContext& c) {
  if (c.type(0) != DType::float32) refuse("a is {}, only float32 is supported", to_string(c.type(0)));
  const FloatProduct p = product_of(c.node, c.shape(0), c.shape(1));
  const Shape out{p.m, p.n};
  if (c.has(2) && broadcast(c.shape(2), out) != out)
    refuse("c {} does not broadcast to {}", to_string(c.shape(2)), to_string(out));
  c.set(0, DType::float32, out);
}

void lower(LowerContext& c) {
  const bool has_c = c.node.has_input(2);
  FloatProduct p = product_of(c.node, c.in_shape(0), c.in_shape(1));
  if (!has_c) p.beta = 1.0F;
  Call call = float_product_call(c, p, has_c ? "float_gemm_bias" : "float_gemm");
  if (has_c) {
    const auto strides = broadcast_strides(c.in_shape(2), {p.m, p.n});
    call.reads.push_back(c.constant(2) ? c.array("bias", DType::float32, c.constant(2)->bytes)
                                       : c.operand(2));
    call.params.push_back(param("c_m", strides[0]));
    call.params.push_back(param("c_n", strides[1]));
    call.params.push_back(param_float("beta", p.beta));
  }
  c.add(std::move(call));
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_Gemm){"", "Gemm", infer, lower, nullptr, estimate_gemm};

}  // namespace o2m
