// com.microsoft QLinearMul 1, with broadcasting: the product of the differences to the zero points times
// (A_scale * B_scale) / C_scale, plus C_zero_point, then rounded (qlmul.cpp).

#include "ops/broadcast.hpp"
#include "ops/qlinear_binary.hpp"
#include "requantize/layer.hpp"

namespace o2m {
namespace {

/// The least product for which ONNX Runtime's conversion to int32 wraps; only absurd scales reach it.
std::int64_t wraps_from(const RequantizeRule& rule, AccumulatorRange range) {
  if (is_monotone(rule, range)) return INT32_MAX;
  const auto wraps = [&](std::int64_t product) {
    const volatile float scaled = static_cast<float>(product) * rule.scale;
    return scaled + static_cast<float>(rule.zero_point) >= 2147483648.0F;
  };
  std::int64_t product = range.hi;
  while (product > range.lo && wraps(product - 1)) --product;
  return product;
}

void add_product(Call& call, const RequantizeRule& rule, AccumulatorRange range) {
  const ChannelRule channel{rule, range};
  const LayerForms forms = choose_forms({&channel, 1}, AffineLimits{});
  const ChannelForm& form = forms.channels[0];
  const bool exact = form.kind != RequantizeKind::affine;
  call.requantization = forms.description;
  call.params.push_back(param_bool("exact", exact));
  call.params.push_back(param("y_min", rule.qmin));
  call.params.push_back(param("y_max", rule.qmax));
  if (!exact) {
    call.params.push_back(param("multiplier", form.affine.multiplier));
    call.params.push_back({"std::int64_t", "addend", std::to_string(form.affine.addend)});
    call.params.push_back(param("shift", form.affine.shift));
    return;
  }
  call.params.push_back(param("y_zero_point", rule.zero_point));
  call.params.push_back(param("wraps_from", wraps_from(rule, range)));
  call.params.push_back(param_float("scale", rule.scale));
}

void lower(LowerContext& c) {
  const QuantizedBinary q = read_qlinear_binary(c);
  const RequantizeRule rule{q.a.quantization.scale * q.b.quantization.scale / q.y.scale, q.y.zero_point,
                            q.qmin, q.qmax, true};
  const std::int32_t a_zero_point = q.a.quantization.zero_point, b_zero_point = q.b.quantization.zero_point;
  const auto product = [&](std::int32_t a, std::int32_t b) {
    return reference(rule, (a - a_zero_point) * (b - b_zero_point));
  };
  if (lower_with_scalar(c, product)) return;
  Call call = c.call("elementwise_mul", "elementwise_mul.hpp");
  call.reads = {c.operand(0), c.operand(3)};
  call.writes = {c.output(0)};
  add_broadcast(call, c.in_shape(0), c.in_shape(3), c.out_shape(0));
  call.params.push_back(param("a_zero_point", a_zero_point));
  call.params.push_back(param("b_zero_point", b_zero_point));
  add_product(call, rule, product_range(q.a.range, a_zero_point, q.b.range, b_zero_point));
  c.add(std::move(call));
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_ms_QLinearMul){"com.microsoft", "QLinearMul", infer_qlinear_binary, lower};

}  // namespace o2m
