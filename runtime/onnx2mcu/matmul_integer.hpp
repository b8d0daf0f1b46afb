// Integer matrix products with zero points known at compile time or at run time: MatMulInteger,
// MatMulIntegerToFloat, and QLinearMatMul of two activations.
#ifndef ONNX2MCU_MATMUL_INTEGER_HPP
#define ONNX2MCU_MATMUL_INTEGER_HPP

#include <type_traits>

#include "float_math.hpp"
#include "requantize_channel.hpp"

namespace onnx2mcu {

/// Constant weights [out][in], their zero points taken off: y[r][o] = sum_i (x[r][i] - x_zero_point) *
/// weights[o][i]. x: [rows][in]; x and y do not overlap. weight_sums[o] is the sum of row o.
template <class L, class X>
ONNX2MCU_INLINE void matmul_integer(const X* x, const X* x_zero_point, std::int32_t* y) noexcept {
  const std::int32_t zero_point = *x_zero_point;
  for (int r = 0; r < L::rows; ++r, x += L::in)
    for (int o = 0; o < L::out; ++o)
      *y++ = L::Cpu::dot(x, L::weights + o * L::in, L::in, -zero_point * L::weight_sums[o]);
}

/// One matrix: y[m][n] = sum over k of (a[m][k] - a_zero_point) * (b[k][n] - b_zero_point[n]), requantized
/// unless y is int32. b_zero_point has one element or n.
template <class L, class A, class B, class Y>
ONNX2MCU_INLINE void product_of_matrices(const A* a, const B* b, std::int32_t a_zero_point,
                                         const B* b_zero_point, Y* y) noexcept {
  for (int row = 0; row < L::m; ++row, a += L::k)
    for (int column = 0; column < L::n; ++column) {
      const std::int32_t zero_point = b_zero_point[L::per_column ? column : 0];
      const B* weight = b + column;
      std::int32_t acc = 0;
      for (int i = 0; i < L::k; ++i, weight += L::n) acc += (a[i] - a_zero_point) * (*weight - zero_point);
      if constexpr (std::is_same_v<Y, std::int32_t>)
        *y++ = acc;
      else
        *y++ = static_cast<Y>(requantize_channel<L>(acc, column));
    }
}

/// Loop D over matrices of the batch, outermost first; returns y behind the last one written.
template <class L, int D, class A, class B, class Y>
ONNX2MCU_INLINE Y* matmul_batch(const A* a, const B* b, std::int32_t a_zero_point, const B* b_zero_point,
                                Y* y) noexcept {
  if constexpr (D == static_cast<int>(array_size(L::batch))) {
    product_of_matrices<L>(a, b, a_zero_point, b_zero_point, y);
    return y + L::m * L::n;
  } else {
    for (int i = 0; i < L::batch[D]; ++i, a += L::a_batch[D], b += L::b_batch[D])
      y = matmul_batch<L, D + 1>(a, b, a_zero_point, b_zero_point, y);
    return y;
  }
}

/// Both operands as they lie, row-major; y overlaps neither.
template <class L, class A, class B, class Y>
ONNX2MCU_INLINE void matmul(const A* a, const B* b, const A* a_zero_point, const B* b_zero_point,
                            Y* y) noexcept {
  matmul_batch<L, 0>(a, b, std::int32_t{*a_zero_point}, b_zero_point, y);
}

/// y[r][o] = float(acc[r][o]) * (a_scale * b_scale[o]), both products rounded. b_scale has one element or one
/// per column.
template <class L>
ONNX2MCU_INLINE void scale_accumulators(const std::int32_t* acc, const float* a_scale, const float* b_scale,
                                        float* y) noexcept {
  for (int r = 0; r < L::rows; ++r)
    for (int o = 0; o < L::out; ++o)
      *y++ = product(static_cast<float>(*acc++), *a_scale * b_scale[L::per_column ? o : 0]);
}

/// The same plus bias[o], added to the rounded product.
template <class L>
ONNX2MCU_INLINE void scale_accumulators(const std::int32_t* acc, const float* a_scale, const float* b_scale,
                                        const float* bias, float* y) noexcept {
  for (int r = 0; r < L::rows; ++r)
    for (int o = 0; o < L::out; ++o)
      *y++ = product(static_cast<float>(*acc++), *a_scale * b_scale[L::per_column ? o : 0]) + bias[o];
}

}  // namespace onnx2mcu

#endif
