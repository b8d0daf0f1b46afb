// Layers in which every product is rounded before it is added (separate_…), and one that means fused
// multiply-adds (fused_…). contraction.sh compiles them with contraction allowed and looks for the
// instruction.
#include "onnx2mcu/batch_normalization.hpp"
#include "onnx2mcu/float_matmul.hpp"
#include "onnx2mcu/reduce.hpp"
#include "onnx2mcu/unary.hpp"

namespace {

using onnx2mcu::SumOrder;

template <SumOrder sum_order, int terms>
struct Product {
  static constexpr SumOrder order = sum_order;
  static constexpr int block = terms, m = 1, k = 37, n = 5, a_m = 37, a_k = 1, k_inner = 37, a_outer = 1,
                       b_k = 5, b_n = 1;
  static constexpr float alpha = 1.0F;
  static constexpr bool flipped = false;
};

struct Image {
  static constexpr int outer = 3, channels = 4, inner = 5, size = 40;
  static constexpr float epsilon = 1e-5F, alpha = 0.2F, beta = 0.5F;
};
struct HardSwish : Image {
  using Op = onnx2mcu::ops::HardSwish;
};
struct HardSigmoid : Image {
  using Op = onnx2mcu::ops::HardSigmoid;
};
struct SumSquare {
  using Op = onnx2mcu::reductions::SumSquare;
  static constexpr int kept[] = {4}, kept_step[] = {9}, reduced[] = {9}, reduced_step[] = {1}, count = 9;
};

}  // namespace

extern "C" {
void fused_blocks(const float* a, const float* b, float* y) {
  onnx2mcu::float_gemm<Product<SumOrder::blocks, 16>>(a, b, y);
}
void separate_fours(const float* a, const float* b, float* y) {
  onnx2mcu::float_gemm<Product<SumOrder::fours, 4>>(a, b, y);
}
void separate_lanes(const float* a, const float* b, float* y) {
  onnx2mcu::float_gemm<Product<SumOrder::lanes, 37>>(a, b, y);
}
void separate_scale_and_shift(const float* x, const float* f, const float* a, float* y) {
  onnx2mcu::scale_and_shift<Image>(x, f, a, y);
}
void separate_batch_normalization(const float* x, const float* s, const float* b, const float* m,
                                  const float* v, float* y) {
  onnx2mcu::batch_normalization<Image>(x, s, b, m, v, y);
}
void separate_hard_swish(const float* x, float* y) { onnx2mcu::unary<HardSwish>(x, y); }
void separate_hard_sigmoid(const float* x, float* y) { onnx2mcu::unary<HardSigmoid>(x, y); }
void separate_sum_square(const float* x, float* y) { onnx2mcu::reduce<SumSquare>(x, y); }
void separate_sum_square_all(const float* x, float* y) {
  *y = onnx2mcu::reduce_packets<onnx2mcu::reductions::SumSquare>(x, 37);
}
}
