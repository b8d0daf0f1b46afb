// com.microsoft QLinearSigmoid 1: the logistic function of the float kernels, in a table.

#include "onnx2mcu/float_math.hpp"
#include "ops/qlinear_unary.hpp"

namespace o2m {
namespace {

void lower(LowerContext& c) { lower_qlinear_unary(c, onnx2mcu::sigmoid_f32); }

}  // namespace

ONNX2MCU_DEFINE_OP(op_ms_QLinearSigmoid){"com.microsoft", "QLinearSigmoid", infer_qlinear_unary, lower};

}  // namespace o2m
