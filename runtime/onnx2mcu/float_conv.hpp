// Float convolution, 1-D to 3-D, channels last, with the order of summation that ONNX Runtime's kernel for
// this shape has (chosen by the compiler).
#ifndef ONNX2MCU_FLOAT_CONV_HPP
#define ONNX2MCU_FLOAT_CONV_HPP

#include "float_sum.hpp"
#include "window.hpp"

namespace onnx2mcu {

/// The terms of one output in row oy: its window, from column ix on, of image x, filter w. Cells outside the
/// image are left out.
template <class L, class Sum>
ONNX2MCU_INLINE void float_conv_terms(Sum& sum, const float* x, const float* w, int oy, int ix) noexcept {
  constexpr int depth = L::in_c / L::groups, area = L::k_h * L::k_w;
  constexpr bool reach_taps = L::order != SumOrder::blocks || L::block % (L::block_c * area) != 0;
  for (int c = 0; c < depth; c += L::block_c) {
    const int width = depth - c < L::block_c ? depth - c : L::block_c;
    if constexpr (!reach_taps) sum.reach(c * area);
    for (int ky = 0; ky < L::k_h; ++ky) {
      const int row = source_row<L>(oy, ky);
      if (row < 0) continue;
      for (int kx = 0; kx < L::k_w; ++kx) {
        const int column = ix + kx * L::dil_w;
        if (column < 0 || column >= L::in_w) continue;
        const float* xp = x + (row * L::in_w + column) * L::in_c + c;
        const int tap = c * area + (ky * L::k_w + kx) * width;
        for (int i = 0; i < width; ++i) {
          if constexpr (reach_taps) sum.reach(tap + i);
          sum.add(xp[i], w[tap + i]);
        }
      }
    }
  }
}

/// Output (oy, ox, oc) of image x, without the bias.
template <class L>
ONNX2MCU_INLINE float float_conv_output(const float* x, const float* w, int oy, int ox, int oc) noexcept {
  constexpr int terms = L::in_c / L::groups * L::k_h * L::k_w, group_out = L::out_c / L::groups;
  ProductSum<L::order, terms, L::block> sum(1.0F);
  float_conv_terms<L>(sum, x + oc / group_out * (L::in_c / L::groups), w + oc * terms, oy,
                      ox * L::stride_w - L::pad_left);
  return L::flipped ? sum.result(oc % group_out, group_out) : sum.result(oy, L::out_h);
}

/// x: [batch][in_h][in_w][in_c], y: [batch][out_h][out_w][out_c]; they do not overlap.
/// w: [out_c][in_c / groups / block_c][k_h][k_w][block_c]; with block_c == 1 that is ONNX's order.
template <class L>
ONNX2MCU_INLINE void float_conv2d(const float* x, const float* w, float* y) noexcept {
  for_each_output<L>(x, y, [w](const float* image, int oy, int ox, int oc) ONNX2MCU_INLINE_LAMBDA {
    return float_conv_output<L>(image, w, oy, ox, oc);
  });
}

/// The same with a bias per output channel, which ONNX Runtime adds last.
template <class L>
ONNX2MCU_INLINE void float_conv2d_bias(const float* x, const float* w, const float* bias, float* y) noexcept {
  for_each_output<L>(x, y, [w, bias](const float* image, int oy, int ox, int oc) ONNX2MCU_INLINE_LAMBDA {
    return float_conv_output<L>(image, w, oy, ox, oc) + bias[oc];
  });
}

}  // namespace onnx2mcu

#endif
