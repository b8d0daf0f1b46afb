// Element-wise operators with one operand and no inputs beside it. A few depend on the position of an element
// in the tensor (runtime/onnx2mcu/float_packet_math.hpp), because ONNX Runtime's do.

#include "onnx2mcu/unary.hpp"

#include <algorithm>

#include "onnx2mcu/float_trigonometry.hpp"
#include "ops/estimate.hpp"
#include "ops/eval_elementwise.hpp"
#include "ops/lower.hpp"

namespace o2m {
namespace {

void infer_same(InferContext& c) {
  if (c.type(0) == DType::float16) refuse("float16 is not supported, only float32");
  c.set(0, c.type(0), c.shape(0));
}

void infer_float(InferContext& c) {
  if (c.type(0) != DType::float32) refuse("x is {}, only float32 is supported", to_string(c.type(0)));
  c.set(0, DType::float32, c.shape(0));
}

void infer_bool(InferContext& c) {
  if (c.type(0) != DType::boolean) refuse("x is {}, expected bool", to_string(c.type(0)));
  c.set(0, DType::boolean, c.shape(0));
}

void infer_integer(InferContext& c) {
  if (!is_integer(c.type(0))) refuse("x is {}, expected an integer type", to_string(c.type(0)));
  c.set(0, c.type(0), c.shape(0));
}

void infer_test(InferContext& c) {
  if (c.type(0) != DType::float32) refuse("x is {}, only float32 is supported", to_string(c.type(0)));
  c.set(0, DType::boolean, c.shape(0));
}

Call elementwise(LowerContext& c, const char* kernel) {
  Call call = c.call(kernel, "unary.hpp");
  call.reads = {c.operand(0)};
  call.writes = {c.output(0)};
  if (size_of(c.in(0).type) == size_of(c.out(0).type)) call.in_place = {{0, 0}};
  call.params = {param("size", element_count(c.in_shape(0)))};
  return call;
}

Call function_call(LowerContext& c, const std::string& function) {
  Call call = elementwise(c, "unary");
  call.params.push_back({"using", "Op", "onnx2mcu::ops::" + function});
  return call;
}

/// The function is called as the operator.
void lower_function(LowerContext& c) { c.add(function_call(c, c.node.op_type)); }

/// Attribute alpha; the default is the operator's.
void lower_alpha(LowerContext& c, float fallback) {
  Call call = function_call(c, c.node.op_type);
  call.params.push_back(param_float("alpha", c.node.attr_float("alpha", fallback)));
  c.add(std::move(call));
}

void lower_leaky_relu(LowerContext& c) { lower_alpha(c, 0.01F); }
void lower_thresholded_relu(LowerContext& c) { lower_alpha(c, 1.0F); }

void lower_hard_sigmoid(LowerContext& c) {
  Call call = function_call(c, "HardSigmoid");
  call.params.push_back(param_float("alpha", c.node.attr_float("alpha", 0.2F)));
  call.params.push_back(param_float("beta", c.node.attr_float("beta", 0.5F)));
  c.add(std::move(call));
}

void lower_shrink(LowerContext& c) {
  Call call = function_call(c, "Shrink");
  call.params.push_back(param_float("lambd", c.node.attr_float("lambd", 0.5F)));
  call.params.push_back(param_float("bias", c.node.attr_float("bias", 0.0F)));
  c.add(std::move(call));
}

void lower_is_inf(LowerContext& c) {
  Call call = function_call(c, "IsInf");
  call.params.push_back(param_bool("positive", c.node.attr("detect_positive", 1) != 0));
  call.params.push_back(param_bool("negative", c.node.attr("detect_negative", 1) != 0));
  c.add(std::move(call));
}

void lower_gelu(LowerContext& c) {
  const std::string approximate = c.node.attr_string("approximate", "none");
  if (approximate != "none" && approximate != "tanh")
    refuse("approximate \"{}\" is neither none nor tanh", printable(approximate));
  c.add(function_call(c, approximate == "tanh" ? "GeluTanh" : "Gelu"));
}

void lower_elu(LowerContext& c) {
  Call call = elementwise(c, "elu");
  call.params.push_back(param_float("alpha", c.node.attr_float("alpha", 1.0F)));
  c.add(std::move(call));
}

/// Selu 6-22: the defaults of the specification.
constexpr float selu_alpha = 1.67326319217681884765625F, selu_gamma = 1.05070102214813232421875F;

void lower_selu(LowerContext& c) {
  Call call = elementwise(c, "selu");
  call.params.push_back(param_float("alpha", c.node.attr_float("alpha", selu_alpha)));
  call.params.push_back(param_float("gamma", c.node.attr_float("gamma", selu_gamma)));
  c.add(std::move(call));
}

/// Celu 12: alpha is a divisor.
void lower_celu(LowerContext& c) {
  Call call = elementwise(c, "celu");
  const float alpha = c.node.attr_float("alpha", 1.0F);
  if (alpha == 0.0F) refuse("alpha is 0, it divides x");
  call.params.push_back(param_float("alpha", alpha));
  c.add(std::move(call));
}

/// Functions of float_trigonometry.hpp.
void lower_trigonometry(LowerContext& c) {
  Call call = function_call(c, c.node.op_type);
  call.header = "float_trigonometry.hpp";
  c.add(std::move(call));
}

void lower_swish(LowerContext& c) { lower_alpha(c, 1.0F); }
void lower_mish(LowerContext& c) { c.add(elementwise(c, "mish")); }
void lower_softplus(LowerContext& c) { c.add(elementwise(c, "softplus")); }
void lower_log(LowerContext& c) { c.add(elementwise(c, "log")); }

/// Constants go through the functions that the device runs.
template <float (*function)(float)>
std::vector<Tensor> eval_float(const Graph&, const Node&, EvalInputs in) {
  Tensor y = make_tensor(DType::float32, in[0]->shape);
  std::transform(in[0]->as<float>().begin(), in[0]->as<float>().end(), y.as<float>().begin(), function);
  return {std::move(y)};
}

/// Functions that depend on the position of the element see the whole tensor: f(x, y, count).
template <class F>
std::vector<Tensor> eval_whole(EvalInputs in, F f) {
  Tensor y = make_tensor(DType::float32, in[0]->shape);
  f(in[0]->as<float>().data(), y.as<float>().data(), static_cast<int>(y.count()));
  return {std::move(y)};
}

std::vector<Tensor> eval_log(const Graph&, const Node&, EvalInputs in) {
  return eval_whole(in, onnx2mcu::log_f32);
}

std::vector<Tensor> eval_softplus(const Graph&, const Node&, EvalInputs in) {
  return eval_whole(in, [](const float* x, float* y, int n) { onnx2mcu::softplus_f32(x, y, n); });
}

std::vector<Tensor> eval_elu(const Graph&, const Node& node, EvalInputs in) {
  const float alpha = node.attr_float("alpha", 1.0F);
  return eval_whole(in, [&](const float* x, float* y, int n) { onnx2mcu::elu_f32(x, y, n, alpha); });
}

std::vector<Tensor> eval_selu(const Graph&, const Node& node, EvalInputs in) {
  const float alpha = node.attr_float("alpha", selu_alpha), gamma = node.attr_float("gamma", selu_gamma);
  return eval_whole(in, [&](const float* x, float* y, int n) { onnx2mcu::selu_f32(x, y, n, alpha, gamma); });
}

std::vector<Tensor> eval_relu(const Graph&, const Node&, EvalInputs in) {
  return {eval_each(*in[0], [](auto x) { return x < 0 ? decltype(x){0} : x; })};
}

float reciprocal(float x) { return 1.0F / x; }

/// The function of an element, given the node's attributes alpha and beta (or their likes).
using Activation = float(float x, float alpha, float beta);

float gelu(float x, float, float) { return onnx2mcu::gelu_f32(x); }
float gelu_tanh(float x, float, float) { return onnx2mcu::gelu_tanh_f32(x); }
float hard_sigmoid(float x, float alpha, float beta) { return onnx2mcu::hard_sigmoid_f32(x, alpha, beta); }
float leaky_relu(float x, float alpha, float) { return onnx2mcu::leaky_relu_f32(x, alpha); }
float shrink(float x, float lambd, float bias) { return x < -lambd ? x + bias : x > lambd ? x - bias : 0; }
float softsign(float x, float, float) { return (1 / (1 + std::abs(x))) * x; }
float swish(float x, float alpha, float) { return x * onnx2mcu::sigmoid_f32(alpha * x); }
float thresholded_relu(float x, float alpha, float) { return x > alpha ? x : 0; }

/// The names and defaults of the attributes, as lower_… above has them.
struct Attributes {
  const char *first = "alpha", *second = "beta";
  float first_default = 0, second_default = 0;
};
constexpr Attributes none, one{"alpha", "beta", 1.0F}, leaky{"alpha", "beta", 0.01F},
    hard{"alpha", "beta", 0.2F, 0.5F}, shrinking{"lambd", "bias", 0.5F};

template <Activation* function, const Attributes& a>
std::vector<Tensor> each_element(const Graph&, const Node& node, EvalInputs in) {
  const float alpha = node.attr_float(a.first, a.first_default),
              beta = node.attr_float(a.second, a.second_default);
  return {eval_each(*in[0], [&](auto x) { return function(static_cast<float>(x), alpha, beta); })};
}

std::vector<Tensor> eval_gelu(const Graph& graph, const Node& node, EvalInputs in) {
  const bool by_tanh = node.attr_string("approximate", "none") == "tanh";
  return (by_tanh ? each_element<gelu_tanh, none> : each_element<gelu, none>)(graph, node, in);
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_Abs){"", "Abs", infer_same, lower_function, eval_abs};
ONNX2MCU_DEFINE_OP(op_Acos){"", "Acos", infer_float, lower_trigonometry, eval_float<onnx2mcu::acos_f32>};
ONNX2MCU_DEFINE_OP(op_Acosh){"", "Acosh", infer_float, lower_trigonometry, eval_float<onnx2mcu::acosh_f32>};
ONNX2MCU_DEFINE_OP(op_Asin){"", "Asin", infer_float, lower_trigonometry, eval_float<onnx2mcu::asin_f32>};
ONNX2MCU_DEFINE_OP(op_Asinh){"", "Asinh", infer_float, lower_trigonometry, eval_float<onnx2mcu::asinh_f32>};
ONNX2MCU_DEFINE_OP(op_Atan){"", "Atan", infer_float, lower_trigonometry, eval_float<onnx2mcu::atan_f32>};
ONNX2MCU_DEFINE_OP(op_Atanh){"", "Atanh", infer_float, lower_trigonometry, eval_float<onnx2mcu::atanh_f32>};
ONNX2MCU_DEFINE_OP(op_BitwiseNot){"", "BitwiseNot", infer_integer, lower_function};
ONNX2MCU_DEFINE_OP(op_Ceil){"", "Ceil", infer_float, lower_function, eval_ceil};
ONNX2MCU_DEFINE_OP(op_Celu){"", "Celu", infer_float, lower_celu, nullptr, estimate_celu};
ONNX2MCU_DEFINE_OP(op_Cos){"", "Cos", infer_float, lower_trigonometry, eval_float<onnx2mcu::cos_f32>};
ONNX2MCU_DEFINE_OP(op_Cosh){"", "Cosh", infer_float, lower_trigonometry, eval_float<onnx2mcu::cosh_f32>};
ONNX2MCU_DEFINE_OP(op_Elu){"", "Elu", infer_float, lower_elu, eval_elu};
ONNX2MCU_DEFINE_OP(op_Erf){"", "Erf", infer_float, lower_function, eval_float<onnx2mcu::erf_f32>};
ONNX2MCU_DEFINE_OP(op_Exp){"", "Exp", infer_float, lower_function, eval_float<onnx2mcu::exp_f32>};
ONNX2MCU_DEFINE_OP(op_Floor){"", "Floor", infer_float, lower_function, eval_floor};
ONNX2MCU_DEFINE_OP(op_Gelu){"", "Gelu", infer_float, lower_gelu, eval_gelu};
ONNX2MCU_DEFINE_OP(op_HardSigmoid){"", "HardSigmoid", infer_float, lower_hard_sigmoid,
                                   each_element<hard_sigmoid, hard>};
ONNX2MCU_DEFINE_OP(op_HardSwish){"", "HardSwish", infer_float, lower_function,
                                 eval_float<onnx2mcu::hard_swish_f32>};
ONNX2MCU_DEFINE_OP(op_IsInf){"", "IsInf", infer_test, lower_is_inf};
ONNX2MCU_DEFINE_OP(op_IsNaN){"", "IsNaN", infer_test, lower_function};
ONNX2MCU_DEFINE_OP(op_LeakyRelu){"", "LeakyRelu", infer_float, lower_leaky_relu,
                                 each_element<leaky_relu, leaky>};
ONNX2MCU_DEFINE_OP(op_Log){"", "Log", infer_float, lower_log, eval_log};
ONNX2MCU_DEFINE_OP(op_Mish){"", "Mish", infer_float, lower_mish, nullptr, estimate_mish};
ONNX2MCU_DEFINE_OP(op_Neg){"", "Neg", infer_same, lower_function, eval_neg};
ONNX2MCU_DEFINE_OP(op_Not){"", "Not", infer_bool, lower_function, eval_not};
ONNX2MCU_DEFINE_OP(op_Reciprocal){"", "Reciprocal", infer_float, lower_function, eval_float<reciprocal>};
ONNX2MCU_DEFINE_OP(op_Relu){"", "Relu", infer_same, lower_function, eval_relu};
ONNX2MCU_DEFINE_OP(op_Round){"", "Round", infer_float, lower_function, eval_round};
ONNX2MCU_DEFINE_OP(op_Selu){"", "Selu", infer_float, lower_selu, eval_selu};
ONNX2MCU_DEFINE_OP(op_Shrink){"", "Shrink", infer_float, lower_shrink, each_element<shrink, shrinking>};
ONNX2MCU_DEFINE_OP(op_Sigmoid){"", "Sigmoid", infer_float, lower_function, eval_float<onnx2mcu::sigmoid_f32>};
ONNX2MCU_DEFINE_OP(op_Sign){"", "Sign", infer_same, lower_function, eval_sign};
ONNX2MCU_DEFINE_OP(op_Sin){"", "Sin", infer_float, lower_trigonometry, eval_float<onnx2mcu::sin_f32>};
ONNX2MCU_DEFINE_OP(op_Sinh){"", "Sinh", infer_float, lower_trigonometry, eval_float<onnx2mcu::sinh_f32>};
ONNX2MCU_DEFINE_OP(op_Softplus){"", "Softplus", infer_float, lower_softplus, eval_softplus};
ONNX2MCU_DEFINE_OP(op_Softsign){"", "Softsign", infer_float, lower_function, each_element<softsign, none>};
ONNX2MCU_DEFINE_OP(op_Sqrt){"", "Sqrt", infer_float, lower_function, eval_sqrt};
ONNX2MCU_DEFINE_OP(op_Swish){"", "Swish", infer_float, lower_swish, each_element<swish, one>};
ONNX2MCU_DEFINE_OP(op_Tan){"", "Tan", infer_float, lower_trigonometry, eval_float<onnx2mcu::tan_f32>};
ONNX2MCU_DEFINE_OP(op_Tanh){"", "Tanh", infer_float, lower_function, eval_float<onnx2mcu::tanh_f32>};
ONNX2MCU_DEFINE_OP(op_ThresholdedRelu){"", "ThresholdedRelu", infer_float, lower_thresholded_relu,
                                       each_element<thresholded_relu, one>};

}  // namespace o2m
