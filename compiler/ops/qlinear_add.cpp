// com.microsoft QLinearAdd 1, with broadcasting. ONNX Runtime computes two nested fused multiply-adds
// (qladd_avx2.cpp); which operand is the outer one depends on the shapes, so the layout pass records it in
// attribute "exchanged" before it changes them.

#include "ops/broadcast.hpp"
#include "ops/qlinear_binary.hpp"

namespace o2m {
namespace {

bool is_exchanged(const LowerContext& c) {
  return c.node.attr("exchanged", qlinear_add_exchanges(c.in_shape(0), c.in_shape(3)) ? 1 : 0) != 0;
}

/// Whether a sum can be so large that the library's conversion to int32 wraps.
bool may_wrap(const AddRule& rule, InputRange outer, InputRange inner) {
  const auto largest = [](float ratio, InputRange r) {
    return static_cast<double>(ratio) * (ratio > 0 ? r.hi : r.lo);
  };
  return largest(rule.outer_ratio, outer) + largest(rule.inner_ratio, inner) +
             static_cast<double>(rule.fixed) >
         0x1p30;
}

void add_sum(Call& call, const AddRule& rule, InputRange outer, InputRange inner) {
  const auto form = find_add_affine(rule, outer, inner);
  call.params.push_back(param_bool("exact", !form));
  call.params.push_back(param("y_min", rule.qmin));
  call.params.push_back(param("y_max", rule.qmax));
  if (form) {
    call.params.push_back(param("outer_multiplier", form->outer_multiplier));
    call.params.push_back(param("inner_multiplier", form->inner_multiplier));
    call.params.push_back(param("addend", form->addend));
    call.params.push_back(param("shift", form->shift));
    call.requantization = fmt::format("affine, shift {}, proven equal on every pair of values", form->shift);
  } else {
    call.params.push_back(param_float("outer_ratio", rule.outer_ratio));
    call.params.push_back(param_float("inner_ratio", rule.inner_ratio));
    call.params.push_back(param_float("fixed", rule.fixed));
    call.params.push_back(param_bool("may_wrap", may_wrap(rule, outer, inner)));
    call.requantization = "exact float, two fused multiply-adds";
  }
}

void lower(LowerContext& c) {
  const QuantizedBinary q = read_qlinear_binary(c);
  const bool exchanged = is_exchanged(c);
  const BinaryOperand& outer = exchanged ? q.b : q.a;
  const BinaryOperand& inner = exchanged ? q.a : q.b;
  const AddRule rule = add_rule(outer.quantization, inner.quantization, q.y, q.qmin, q.qmax);
  const auto sum = [&](std::int32_t a, std::int32_t b) {
    return exchanged ? reference(rule, b, a) : reference(rule, a, b);
  };
  if (lower_with_scalar(c, sum)) return;
  const std::size_t first = exchanged ? 3 : 0, second = exchanged ? 0 : 3;
  Call call = c.call("elementwise_add", "elementwise_add.hpp");
  call.reads = {c.operand(first), c.operand(second)};
  call.writes = {c.output(0)};
  add_broadcast(call, c.in_shape(first), c.in_shape(second), c.out_shape(0));
  add_sum(call, rule, outer.range, inner.range);
  c.add(std::move(call));
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_ms_QLinearAdd){"com.microsoft", "QLinearAdd", infer_qlinear_binary, lower};

}  // namespace o2m
