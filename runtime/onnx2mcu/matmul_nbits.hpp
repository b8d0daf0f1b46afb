// com.microsoft MatMulNBits: float rows times columns of 4- or 8-bit weights, a scale and a zero point for
// each block of a column, with the sums of ONNX Runtime's kernels (sqnbitgemm_kernel_avx_common_fp32.h,
// sgemm.cpp). Weights stay packed.
#ifndef ONNX2MCU_MATMUL_NBITS_HPP
#define ONNX2MCU_MATMUL_NBITS_HPP

#include "float_sum.hpp"
#include "requantize_channel.hpp"

namespace onnx2mcu {

/// Weight t of column n: (q - zero point) * scale of its block.
template <class L>
ONNX2MCU_INLINE float nbits_weight(const std::uint8_t* b, int n, int t) noexcept {
  const int block = n * L::blocks + t / L::block_size, at = t % L::block_size;
  const std::uint8_t byte = b[block * (L::block_size * L::bits / 8) + at * L::bits / 8];
  const int q = L::bits == 8 ? byte : at % 2 == 0 ? byte & 15 : byte >> 4;
  return product(static_cast<float>(q - channel_element(L::zero_point, block)), L::scale[block]);
}

/// The sum of 16 lanes: columns in groups of four have another order than those left over.
ONNX2MCU_INLINE float nbits_fold(const float (&l)[16], bool grouped) noexcept {
  float part[4];
  for (int i = 0; i < 4; ++i)
    part[i] = grouped ? ((l[4 * i] + l[4 * i + 1]) + l[4 * i + 2]) + l[4 * i + 3]
                      : (l[i + 8] + l[i]) + (l[i + 12] + l[i + 4]);
  return (part[0] + part[2]) + (part[1] + part[3]);
}

template <class L>
ONNX2MCU_INLINE float nbits_lanes(const float* a, const std::uint8_t* b, int n) noexcept {
  float lanes[16] = {};
  for (int t = 0; t < L::k; ++t)
    lanes[t % 16] = fused_multiply_add(nbits_weight<L>(b, n, t), a[t], lanes[t % 16]);
  return nbits_fold(lanes, n < L::n / 4 * 4);
}

template <class L>
ONNX2MCU_INLINE float nbits_product(const float* a, const std::uint8_t* b, int n, float start,
                                    bool starts) noexcept {
  ProductSum<L::order, L::k, L::block> sum(1.0F);
  if (starts) sum.start(start);
  for (int t = 0; t < L::k; ++t) {
    sum.reach(t);
    sum.add(a[t], nbits_weight<L>(b, n, t));
  }
  return sum.result(L::flipped ? 0 : n, L::flipped ? 1 : L::n);
}

/// y[m][n] = a[m][k] · b, column by column; bias: n floats, or null. Sums of four-bit weights are the bias's
/// only addend, those of 8-bit weights start from it.
template <class L>
ONNX2MCU_INLINE void matmul_nbits_bias(const float* a, const std::uint8_t* b, const float* bias,
                                       float* y) noexcept {
  constexpr bool lanes = L::bits == 4 && L::m == 1;
  for (int m = 0; m < L::m; ++m, a += L::k)
    for (int n = 0; n < L::n; ++n) {
      const bool starts = L::bits == 8 && bias != nullptr;
      const float addend = bias != nullptr ? bias[n] : 0.0F;
      const float sum = lanes ? nbits_lanes<L>(a, b, n) : nbits_product<L>(a, b, n, addend, starts);
      *y++ = bias != nullptr && !starts ? sum + addend : sum;
    }
}

template <class L>
ONNX2MCU_INLINE void matmul_nbits(const float* a, const std::uint8_t* b, float* y) noexcept {
  matmul_nbits_bias<L>(a, b, nullptr, y);
}

}  // namespace onnx2mcu

#endif
