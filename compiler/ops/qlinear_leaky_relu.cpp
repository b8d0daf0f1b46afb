// com.microsoft QLinearLeakyRelu 1: x where x >= 0, else alpha * x, in a table. Attribute alpha, default
// 0.01.

#include "ops/qlinear_unary.hpp"

namespace o2m {
namespace {

void lower(LowerContext& c) {
  const float alpha = c.node.attr_float("alpha", 0.01F);
  lower_qlinear_unary(c, [alpha](float x) { return x >= 0 ? x : alpha * x; });
}

}  // namespace

ONNX2MCU_DEFINE_OP(op_ms_QLinearLeakyRelu){"com.microsoft", "QLinearLeakyRelu", infer_qlinear_unary, lower};

}  // namespace o2m
