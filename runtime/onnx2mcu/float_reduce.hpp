// The sums behind ReduceSum and ReduceMean, in the orders of ONNX Runtime 1.30 (reduction_ops.h; x86-64,
// Eigen with packets of four). Which order a node has depends on its axes: see ReduceOrder. Mean = sum /
// float(count).
#ifndef ONNX2MCU_FLOAT_REDUCE_HPP
#define ONNX2MCU_FLOAT_REDUCE_HPP

#include "core.hpp"

namespace onnx2mcu {

/// With neighbouring axes merged, K a kept and R a reduced extent:
enum class ReduceOrder {
  packets,      ///< R and K R: sum_packets of every run
  packet_runs,  ///< R K R with K > 1: the sum_packets of every inner run, added in order to 0
  fours,        ///< K R K with the first K > 1: sum_fours down the middle
  in_order,     ///< everything else: one after the other
};

/// A matrix product with ones (SgemmKernelM1Avx.S): groups of four, then of two, then one, each added to the
/// total.
inline float sum_fours(const float* x, int n, int stride) noexcept {
  float sum = 0.0F;
  int i = 0;
  for (; i + 4 <= n; i += 4) {
    const float* g = x + i * stride;
    sum = (((g[0] + g[stride]) + g[2 * stride]) + g[3 * stride]) + sum;
  }
  if (i + 2 <= n) {
    sum = (x[i * stride] + x[(i + 1) * stride]) + sum;
    i += 2;
  }
  return i < n ? x[i * stride] + sum : sum;
}

/// Eigen's sum (Redux.h): two accumulators of four lanes, from the first element on whose address is a
/// multiple of 16 bytes; then the elements before it and behind the last whole packet. position: that of x[0]
/// in ONNX Runtime's tensor, whose address is such a multiple and where the elements are adjacent.
inline float sum_packets(const float* x, int n, int stride, int position) noexcept {
  const int unaligned = (4 - position % 4) % 4;
  const int start = unaligned < n ? unaligned : n;
  const int packets = (n - start) / 4, paired = packets - packets % 2, end = start + 4 * packets;
  float sum = x[0];
  if (packets > 0) {
    float lane[4] = {};
    for (int j = 0; j < 4; ++j) {
      const float* v = x + (start + j) * stride;
      lane[j] = v[0];
      if (packets > 1) {
        float second = v[4 * stride];
        for (int p = 2; p < paired; p += 2) {
          lane[j] += v[4 * p * stride];
          second += v[4 * (p + 1) * stride];
        }
        lane[j] += second;
        if (packets > paired) lane[j] += v[4 * paired * stride];
      }
    }
    sum = (lane[0] + lane[2]) + (lane[1] + lane[3]);
    for (int i = 0; i < start; ++i) sum += x[i * stride];
  }
  for (int i = packets > 0 ? end : 1; i < n; ++i) sum += x[i * stride];
  return sum;
}

}  // namespace onnx2mcu

#endif
