#include "ops/float_matmul.hpp"

#include "ops/float_order.hpp"

namespace o2m {
namespace {

/// b as constant weights lies [n][k], so that the kernel reads it in sequence.
ConstantId transposed_weights(LowerContext& c, const Tensor& b, const FloatProduct& p) {
  if (p.transposed_b) return c.array("weights", DType::float32, b.bytes);
  std::vector<float> out;
  for (std::int64_t n = 0; n < p.n; ++n)
    for (std::int64_t k = 0; k < p.k; ++k)
      out.push_back(b.as<float>()[static_cast<std::size_t>(k * p.n + n)]);
  return c.array("weights", DType::float32, out);
}

}  // namespace

Call float_product_call(LowerContext& c, const FloatProduct& p, const char* kernel) {
  const Tensor* b = c.constant(1);
  const bool matrix = b && b->shape.size() == 2;
  const bool packed = matrix && is_constant_weight(c, 1);
  const std::int64_t channels = c.node.attr("a_channels", 1);
  const bool b_by_columns = matrix || p.transposed_b;
  const FloatOrder order = matmul_order(p.kernel_m, p.k, p.n, packed, p.alpha != 1.0F || p.beta != 1.0F,
                                        p.transposed_a, p.transposed_b);
  Call call = c.call(kernel, "float_matmul.hpp");
  call.reads = {c.operand(0), matrix ? Operand(transposed_weights(c, *b, p)) : c.operand(1)};
  call.writes = {c.output(0)};
  call.params = {param("m", p.m), param("k", p.k), param("n", p.n)};
  call.params.push_back(param("a_m", p.transposed_a ? 1 : p.k));
  call.params.push_back(param("a_k", channels > 1 ? channels : p.transposed_a ? p.m : 1));
  call.params.push_back(param("k_inner", p.k / channels));
  call.params.push_back(param("a_outer", 1));
  call.params.push_back(param("b_k", b_by_columns ? 1 : p.n));
  call.params.push_back(param("b_n", b_by_columns ? p.k : 1));
  call.params.push_back(param_float("alpha", p.alpha));
  add_order(call, order);
  call.macs = p.m * p.k * p.n;
  call.weight_bytes = b ? b->count() * 4 : 0;
  return call;
}

}  // namespace o2m
