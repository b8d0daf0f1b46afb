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
  for (int oy = 0; oy < L::out_h; ++oy)
    for (int ox = 0; ox < L::out_w; ++ox) {
      const RowWindow w = row_window<L>(oy, ox);
      for (int c = 0; c < L::channels; ++c) {
        float sum = 0.0F;
        for_each_row<L>(x + c, w, [&](int, const float* row) ONNX2MCU_INLINE_LAMBDA {
          for (int col = w.cols.first; col < w.cols.last; ++col) {
            const float cell = row[(w.ix + col * L::dil_w) * L::channels];
            sum += L::p == 2 ? product(cell, cell) : cell < 0.0F ? -cell : cell;
          }
        });
        *y++ = L::p == 2 ? libm_pow(sum, 0.5F) : sum;
      }
    }
}

}  // namespace onnx2mcu

#endif
