// Cast 6-25, CastLike 15-25: conversion between element types with the results of C++ on x86
// (runtime/onnx2mcu/cast.hpp).

#include "onnx2mcu/cast.hpp"

#include <array>

#include "ops/eval_elementwise.hpp"
#include "ops/lower.hpp"

namespace o2m {
namespace {

bool is_4bit(DType type) { return type == DType::int4 || type == DType::uint4; }

void infer(InferContext& c) {
  if (!c.node.has_attr("to")) refuse("attribute \"to\" is missing");
  const std::int64_t number = c.node.attr("to", 0);
  const auto to = static_cast<DType>(number);
  if (number < 0 || number > 255 || size_of(to) == 0)
    refuse("conversion to {} is not supported", to == DType::string ? "string" : to_string(to));
  c.set(0, to, c.shape(0));
}

void lower(LowerContext& c) {
  const DType from = c.in(0).type, to = c.out(0).type;
  if (from == to) return c.alias(0, 0);
  if (is_4bit(to)) refuse("conversion to {} is only supported for constants", to_string(to));
  if (cpp_name(from) == cpp_name(to)) return c.alias(0, 0);  // int4 is held in an int8
  Call call = c.call("cast", "cast.hpp");
  call.reads = {c.operand(0)};
  call.writes = {c.output(0)};
  call.params = {param("size", element_count(c.in_shape(0)))};
  if (size_of(to) <= size_of(from)) call.in_place = {{0, 0}};
  c.add(std::move(call));
}

Tensor widen_half(const Tensor& x) {
  Tensor y = make_tensor(DType::float32, x.shape);
  for (std::size_t i = 0; i < y.as<float>().size(); ++i)
    y.as<float>()[i] = static_cast<float>(onnx2mcu::Float16{x.as<std::uint16_t>()[i]});
  return y;
}

Tensor narrow_to_half(const Tensor& x) {
  Tensor y = make_tensor(DType::float16, x.shape);
  for (std::size_t i = 0; i < x.as<float>().size(); ++i)
    y.as<std::uint16_t>()[i] = onnx2mcu::to_float16(x.as<float>()[i]).bits;
  return y;
}

/// Between types that visit_type knows; 4-bit results are cut to their four low bits.
Tensor convert(const Tensor& x, DType to) {
  Tensor y = make_tensor(to, x.shape);
  visit_type(x.type, [&](auto from_zero) {
    visit_type(to, [&](auto to_zero) {
      using X = decltype(from_zero);
      using Y = decltype(to_zero);
      const auto in = x.as<X>();
      const auto out = y.as<Y>();
      const int n = static_cast<int>(out.size());
      for (int i = 0; i < n; ++i) {
        const auto at = static_cast<std::size_t>(i);
        if (to == DType::boolean)
          out[at] = static_cast<Y>(onnx2mcu::cast_element<bool>(in[at], i, n));
        else
          out[at] = onnx2mcu::cast_element<Y>(in[at], i, n);
        if (to == DType::uint4) out[at] = static_cast<Y>(static_cast<int>(out[at]) & 15);
        if (to == DType::int4)
          out[at] = static_cast<Y>((static_cast<int>(out[at]) & 15) - (static_cast<int>(out[at]) & 8) * 2);
      }
    });
  });
  return y;
}

std::vector<Tensor> eval(const Graph& graph, const Node& node, EvalInputs in) {
  const DType to = graph[node.outputs[0]].type;
  if (in[0]->type == to) return {*in[0]};
  const Tensor& x = *in[0];
  if (x.type == DType::float16) {
    if (to == DType::float32) return {widen_half(x)};
    // ONNX Runtime converts halves to uint32 one by one, never in blocks: through 64 bits.
    return {to == DType::uint32 ? convert(convert(widen_half(x), DType::int64), to)
                                : convert(widen_half(x), to)};
  }
  if (to == DType::float16)
    return {narrow_to_half(x.type == DType::float32 ? x : convert(x, DType::float32))};
  return {convert(x, to)};
}

/// A constant is converted here: what it is to be like may vary.
void infer_like(InferContext& c) {
  c.set(0, c.type(1), c.shape(0));
  if (const Tensor* x = c.constant(0))
    c.graph[c.node.outputs.at(0)].constant =
        std::make_shared<const Tensor>(eval(c.graph, c.node, std::array{x})[0]);
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_Cast){"", "Cast", infer, lower, eval};
ONNX2MCU_DEFINE_OP(op_CastLike){"", "CastLike", infer_like, lower, eval};

}  // namespace o2m
