// com.microsoft FusedConv 1 and FusedGemm 1, as ONNX Runtime's optimized models have them: Conv or Gemm, then
// Relu, Tanh, Sigmoid, LeakyRelu, HardSigmoid or Clip. passes/expand_fused.cpp takes them apart. FusedConv's
// input Z is not supported.

#include "ops/lower.hpp"

namespace o2m {
namespace {

/// Only of nodes that could not be taken apart.
void infer(InferContext& c) {
  if (c.has(3)) refuse("Z (input 3) is not supported");
  refuse(
      "activation \"{}\" with its parameters is not supported, only Relu, Tanh, Sigmoid, LeakyRelu, "
      "HardSigmoid and Clip",
      printable(c.node.attr_string("activation", "")));
}

void lower(LowerContext&) { throw std::logic_error("a fused operator was not expanded"); }

}  // namespace

ONNX2MCU_DEFINE_OP(op_ms_FusedConv){"com.microsoft", "FusedConv", infer, lower};
ONNX2MCU_DEFINE_OP(op_ms_FusedGemm){"com.microsoft", "FusedGemm", infer, lower};

}  // namespace o2m
