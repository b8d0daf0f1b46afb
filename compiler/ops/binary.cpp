// Element-wise operators with two operands: Add, Sub, Mul, Div 7-14, Mod 10-13, PRelu 7-16, Equal, Less,
// Greater and their like 7-19, And, Or, Xor 7, BitShift 11, Bitwise… 18.

#include "ops/binary.hpp"

#include "ops/broadcast.hpp"
#include "ops/estimate.hpp"
#include "ops/eval_elementwise.hpp"

namespace o2m {
namespace {

void check_types(const InferContext& c) {
  if (c.type(0) != c.type(1))
    refuse("the inputs are {} and {}, expected one type", to_string(c.type(0)), to_string(c.type(1)));
  if (c.type(0) == DType::float16) refuse("float16 is not supported, only float32 and integers");
}

void infer(InferContext& c) {
  check_types(c);
  c.set(0, c.type(0), broadcast(c.shape(0), c.shape(1)));
}

void infer_comparison(InferContext& c) {
  check_types(c);
  c.set(0, DType::boolean, broadcast(c.shape(0), c.shape(1)));
}

void infer_logic(InferContext& c) {
  check_types(c);
  if (c.type(0) != DType::boolean) refuse("the inputs are {}, expected bool", to_string(c.type(0)));
  c.set(0, DType::boolean, broadcast(c.shape(0), c.shape(1)));
}

void infer_integers(InferContext& c) {
  check_types(c);
  if (!is_integer(c.type(0))) refuse("the inputs are {}, expected an integer type", to_string(c.type(0)));
  c.set(0, c.type(0), broadcast(c.shape(0), c.shape(1)));
}

/// The slope broadcasts to x, not the other way round.
void infer_prelu(InferContext& c) {
  check_types(c);
  if (broadcast(c.shape(0), c.shape(1)) != c.shape(0))
    refuse("slope {} does not broadcast to x {}", to_string(c.shape(1)), to_string(c.shape(0)));
  c.set(0, c.type(0), c.shape(0));
}

/// The function type in onnx2mcu::ops (runtime/onnx2mcu/binary.hpp).
std::string function_of(const Node& node) {
  if (node.op_type == "Mod") return node.attr("fmod", 0) != 0 ? "Remainder" : "Mod";
  if (node.op_type == "BitShift") {
    const std::string direction = node.attr_string("direction", "");
    if (direction != "LEFT" && direction != "RIGHT")
      refuse("direction \"{}\" is neither LEFT nor RIGHT", printable(direction));
    return direction == "LEFT" ? "ShiftLeft" : "ShiftRight";
  }
  constexpr std::string_view bitwise = "Bitwise";
  return node.op_type.rfind(bitwise, 0) == 0 ? node.op_type.substr(bitwise.size()) : node.op_type;
}

void lower(LowerContext& c) {
  if (c.node.is("Mod") && is_float(c.in(0).type) && c.node.attr("fmod", 0) == 0)
    refuse("fmod is 0, floats need 1");
  lower_binary(c, function_of(c.node));
}

/// Pow 7-15: the exponent may have another type than the base, whose type is the result's.
void infer_pow(InferContext& c) {
  for (const std::size_t i : {0, 1})
    if (c.type(i) != DType::float32 && !is_integer(c.type(i)))
      refuse("input {} is {}, only float32 and integers are supported", i, to_string(c.type(i)));
  c.set(0, c.type(0), broadcast(c.shape(0), c.shape(1)));
}

void lower_pow(LowerContext& c) {
  const bool one_exponent = element_count(c.in_shape(1)) == 1 && element_count(c.out_shape(0)) > 1;
  lower_binary(c, one_exponent ? "PowScalar" : "Pow");
  c.program.calls.back().header = "float_pow.hpp";
}

}  // namespace

void lower_binary(LowerContext& c, const std::string& function, const BinaryOperand& a,
                  const BinaryOperand& b, BufferId y, const Shape& y_shape) {
  c.layer_name_.clear();  // a node may make several calls, each with a name of its own
  Call call = c.call("binary", "binary.hpp");
  call.reads = {a.value, b.value};
  call.writes = {y};
  add_broadcast(call, a.shape, b.shape, y_shape);
  std::erase_if(call.in_place, [&](const std::pair<int, int>& p) {  // elements of another size do not fit
    return size_of(c.program[y].type) != size_of(c.in(static_cast<std::size_t>(p.second)).type);
  });
  call.params.push_back({"using", "Op", "onnx2mcu::ops::" + function});
  c.add(std::move(call));
}

void lower_binary(LowerContext& c, const std::string& function) {
  const Operand a = c.operand(0), b = c.operand(1);
  lower_binary(c, function, {a, c.in_shape(0)}, {b, c.in_shape(1)}, c.output(0), c.out_shape(0));
}

ONNX2MCU_DEFINE_OP(op_Add){"", "Add", infer, lower, eval_add};
ONNX2MCU_DEFINE_OP(op_And){"", "And", infer_logic, lower, eval_and};
ONNX2MCU_DEFINE_OP(op_BitShift){"", "BitShift", infer_integers, lower};
ONNX2MCU_DEFINE_OP(op_BitwiseAnd){"", "BitwiseAnd", infer_integers, lower};
ONNX2MCU_DEFINE_OP(op_BitwiseOr){"", "BitwiseOr", infer_integers, lower};
ONNX2MCU_DEFINE_OP(op_BitwiseXor){"", "BitwiseXor", infer_integers, lower};
ONNX2MCU_DEFINE_OP(op_Div){"", "Div", infer, lower, eval_div};
ONNX2MCU_DEFINE_OP(op_Equal){"", "Equal", infer_comparison, lower, eval_equal};
ONNX2MCU_DEFINE_OP(op_Greater){"", "Greater", infer_comparison, lower, eval_greater};
ONNX2MCU_DEFINE_OP(op_GreaterOrEqual){"", "GreaterOrEqual", infer_comparison, lower, eval_greater_or_equal};
ONNX2MCU_DEFINE_OP(op_Less){"", "Less", infer_comparison, lower, eval_less};
ONNX2MCU_DEFINE_OP(op_LessOrEqual){"", "LessOrEqual", infer_comparison, lower, eval_less_or_equal};
ONNX2MCU_DEFINE_OP(op_Mod){"", "Mod", infer, lower, eval_mod};
ONNX2MCU_DEFINE_OP(op_Mul){"", "Mul", infer, lower, eval_mul};
ONNX2MCU_DEFINE_OP(op_Or){"", "Or", infer_logic, lower, eval_or};
ONNX2MCU_DEFINE_OP(op_PRelu){"", "PRelu", infer_prelu, lower, nullptr, estimate_prelu};
ONNX2MCU_DEFINE_OP(op_Pow){"", "Pow", infer_pow, lower_pow, nullptr, estimate_pow};
ONNX2MCU_DEFINE_OP(op_Sub){"", "Sub", infer, lower, eval_sub};
ONNX2MCU_DEFINE_OP(op_Xor){"", "Xor", infer_logic, lower, eval_xor};

}  // namespace o2m
