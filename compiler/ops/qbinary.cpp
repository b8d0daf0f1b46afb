// onnx2mcu QBinary, made by the pass `fuse`: QuantizeLinear(limit(op(DequantizeLinear(a),
// DequantizeLinear(b)))) for each element, in ONNX Runtime's float arithmetic but without a float tensor.
// Inputs: a, a_scale, a_zero_point, b, b_scale, b_zero_point, y_scale, y_zero_point; an operand without scale
// is a float32 constant. Attributes: op (Add, Sub, Mul, Div, Min, Max); min and max, where a Relu or Clip
// follows.

#include "onnx2mcu/float_qlinear.hpp"
#include "ops/broadcast.hpp"
#include "ops/table.hpp"
#include "requantize/two_input.hpp"

namespace o2m {
namespace {

constexpr std::size_t operand_slots[] = {0, 3};
constexpr std::size_t result_scale = 6, result_zero_point = 7;

void infer(InferContext& c) {
  for (const std::size_t i : operand_slots) {
    const bool quantized = c.has(i + 1);
    if (quantized ? !is_8bit(c.type(i)) : c.type(i) != DType::float32)
      refuse("input {} is {}, expected {}", i, to_string(c.type(i)), quantized ? "int8 or uint8" : "float32");
  }
  c.set(0, c.required_constant(result_zero_point, "y_zero_point").type, broadcast(c.shape(0), c.shape(3)));
}

/// Scale and zero point of operand `slot` under the names the kernel reads; a float operand has scale 1.
void add_operand(LowerContext& c, Call& call, std::size_t slot, const std::string& name) {
  const bool quantized = c.node.has_input(slot + 1);
  const Quantization q =
      quantized ? read_quantization(c, slot + 1, (name + "_scale").c_str(), (name + "_zero_point").c_str())
                : Quantization{1, 0};
  call.params.push_back(param_float(name + "_scale", q.scale));
  call.params.push_back(param(name + "_zero_point", q.zero_point));
}

/// A sum of two 8-bit tensors as one integer form, where every pair of values proves it.
std::optional<AddForm> integer_sum(const LowerContext& c, AddRule& rule) {
  if (c.node.attr_string("op", "Add") != "Add" || !c.node.has_input(1) || !c.node.has_input(4))
    return std::nullopt;
  const Quantization a = read_quantization(c, 1, "a_scale", "a_zero_point"),
                     b = read_quantization(c, 4, "b_scale", "b_zero_point");
  const Quantization y = read_quantization(c, result_scale, "y_scale", "y_zero_point");
  const auto lowest = static_cast<std::int32_t>(min_of(c.out(0).type)),
             highest = static_cast<std::int32_t>(max_of(c.out(0).type));
  const auto quantize = [&](float real) {
    return onnx2mcu::quantize_element(real, y.scale, y.zero_point, lowest, highest);
  };
  rule = add_rule({a.scale, a.zero_point}, {b.scale, b.zero_point}, {y.scale, y.zero_point}, lowest, highest);
  if (c.node.has_attr("min")) rule.qmin = quantize(c.node.attr_float("min", 0));
  if (c.node.has_attr("max")) rule.qmax = quantize(c.node.attr_float("max", 0));
  const auto sum = [&](std::int32_t u, std::int32_t v) {
    const float real = onnx2mcu::dequantize_element(u, a.scale, a.zero_point) +
                       onnx2mcu::dequantize_element(v, b.scale, b.zero_point);
    return std::clamp(quantize(real), rule.qmin, rule.qmax);
  };
  const auto range = [&](std::size_t i) {
    return InputRange{static_cast<std::int32_t>(min_of(c.in(i).type)),
                      static_cast<std::int32_t>(max_of(c.in(i).type))};
  };
  return find_add_affine(rule, sum, range(0), range(3));
}

void add_sum(Call& call, const AddRule& rule, const AddForm& form) {
  for (const auto& [name, value] : {std::pair<const char*, std::int64_t>{"y_min", rule.qmin},
                                    {"y_max", rule.qmax},
                                    {"outer_multiplier", form.outer_multiplier},
                                    {"inner_multiplier", form.inner_multiplier},
                                    {"addend", form.addend},
                                    {"shift", form.shift}})
    call.params.push_back(param(name, value));
  call.params.push_back(param_bool("exact", false));
  call.requantization = fmt::format("affine, shift {}, proven equal on every pair of values", form.shift);
}

void lower(LowerContext& c) {
  AddRule rule;
  const std::optional<AddForm> form = integer_sum(c, rule);
  Call call = form ? c.call("elementwise_add", "elementwise_add.hpp") : c.call("qbinary", "qbinary.hpp");
  call.reads = {c.operand(0), c.operand(3)};
  call.writes = {c.output(0)};
  add_broadcast(call, c.in_shape(0), c.in_shape(3), c.out_shape(0));
  // A constant or a float operand is no place for the result.
  std::erase_if(call.in_place, [&](const auto& pair) {
    return c.constant(operand_slots[static_cast<std::size_t>(pair.second)]) != nullptr;
  });
  if (form) {
    add_sum(call, rule, *form);
    c.add(std::move(call));
    return;
  }
  call.params.push_back({"using", "Op", "onnx2mcu::ops::" + c.node.attr_string("op", "Add")});
  add_operand(c, call, 0, "a");
  add_operand(c, call, 3, "b");
  const Quantization y = read_quantization(c, result_scale, "y_scale", "y_zero_point");
  const DType type = c.out(0).type;
  call.params.push_back(param_float("y_scale", y.scale));
  call.params.push_back(param("y_zero_point", y.zero_point));
  call.params.push_back(param("y_min", min_of(type)));
  call.params.push_back(param("y_max", max_of(type)));
  call.params.push_back(param_bool("has_lowest", c.node.has_attr("min")));
  call.params.push_back(param_float("lowest", c.node.attr_float("min", 0)));
  call.params.push_back(param_bool("has_highest", c.node.has_attr("max")));
  call.params.push_back(param_float("highest", c.node.attr_float("max", 0)));
  call.algorithm = "float per element";
  c.add(std::move(call));
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_own_QBinary){"onnx2mcu", "QBinary", infer, lower};

}  // namespace o2m
