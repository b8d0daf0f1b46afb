// Float LpPool and GlobalLpPool, channels last: the p-th root of the sum of |x|^p, row by row, as ONNX
// Runtime's kernel (pool_functors.h): a power of 2 is a product rounded to float, the root is glibc's powf.
#ifndef ONNX2MCU_LP_POOL_HPP
#define ONNX2MCU_LP_POOL_HPP

#include "float_math.hpp"
#include "float_pow.hpp"
#include "window.hpp"

namespace onnx2mcu {

/// x: [in_h][in_w][channels], y: [out_h][out_w][channels]; L::p is 1 or 2. Cells outside the image do not
/// count.
template <class L>
ONNX2MCU_INLINE void lp_pool(const float* x, float* y) noexcept {
  for_each_window<L>(x, [&](WindowCells<float> w) {
    for (int c = 0; c < L::channels; ++c, ++w.first) {
      float sum = 0.0F;
      for (int r = 0; r < w.rows; ++r)
        for (int k = 0; k < w.cols; ++k) {
          const float cell = w.first[(r * L::dil_h * L::in_w + k * L::dil_w) * L::channels];
          sum += L::p == 2 ? product(cell, cell) : cell < 0.0F ? -cell : cell;
        }
      *y++ = L::p == 2 ? libm_pow(sum, 0.5F) : sum;
    }
  });
}

}  // namespace onnx2mcu

#endif
