// Float matrix products (Gemm, MatMul with batches) with the order of summation that ONNX Runtime's kernel
// for this shape has (chosen by the compiler). Strides are in elements, so a or b may lie transposed.
#ifndef ONNX2MCU_FLOAT_MATMUL_HPP
#define ONNX2MCU_FLOAT_MATMUL_HPP

#include "float_sum.hpp"

namespace onnx2mcu {

/// The terms of one output: row a, column b. Term t is element t % k_inner of group t / k_inner of a: so a
/// flattened image that lies channels last is read in ONNX's order.
template <class L, class Sum>
ONNX2MCU_INLINE void float_product_terms(Sum& sum, const float* a, const float* b) noexcept {
  for (int outer = 0; outer < L::k; outer += L::k_inner, a += L::a_outer)
    for (int i = 0; i < L::k_inner;) {
      // Within a block terms pass without a question; the other orders are asked at every term.
      const int t = outer + i, room = L::order == onnx2mcu::SumOrder::blocks ? L::block - t % L::block : 1;
      const int end = L::k_inner - i < room ? L::k_inner : i + room;
      sum.reach(t);
      for (; i < end; ++i) sum.add(a[i * L::a_k], b[(outer + i) * L::b_k]);
    }
}

template <class L>
ONNX2MCU_INLINE float float_product(ProductSum<L::order, L::k, L::block> sum, const float* a, const float* b,
                                    int row, int column) noexcept {
  float_product_terms<L>(sum, a + row * L::a_m, b + column * L::b_n);
  return L::flipped ? sum.result(row, L::m) : sum.result(column, L::n);
}

/// y[m][n] = alpha · a[m][k] · b[k][n]; y does not overlap a or b.
template <class L>
ONNX2MCU_INLINE void float_gemm(const float* a, const float* b, float* y) noexcept {
  for (int row = 0; row < L::m; ++row)
    for (int column = 0; column < L::n; ++column)
      *y++ = float_product<L>(ProductSum<L::order, L::k, L::block>(L::alpha), a, b, row, column);
}

/// y[m][n] = alpha · a[m][k] · b[k][n] + beta · c[m][n].
template <class L>
ONNX2MCU_INLINE void float_gemm_bias(const float* a, const float* b, const float* c, float* y) noexcept {
  for (int row = 0; row < L::m; ++row)
    for (int column = 0; column < L::n; ++column) {
      ProductSum<L::order, L::k, L::block> sum(L::alpha);
      sum.start(product(L::beta, c[row * L::c_m + column * L::c_n]));
      *y++ = float_product<L>(sum, a, b, row, column);
    }
}

template <class L, int D>
ONNX2MCU_INLINE float* float_matmul_batch(const float* a, const float* b, float* y) noexcept {
  if constexpr (D == L::batch_rank) {
    float_gemm<L>(a, b, y);
    return y + L::m * L::n;
  } else {
    for (int i = 0; i < L::batch[D]; ++i)
      y = float_matmul_batch<L, D + 1>(a + i * L::a_batch[D], b + i * L::b_batch[D], y);
    return y;
  }
}

/// y = a · b for every matrix of the batch; y does not overlap a or b.
template <class L>
ONNX2MCU_INLINE void float_matmul(const float* a, const float* b, float* y) noexcept {
  float_matmul_batch<L, 0>(a, b, y);
}

}  // namespace onnx2mcu

#endif
