// Transposed convolution in float, 1-D to 3-D, channels last, with the sums of ONNX Runtime's kernel: a
// product over the input channels for every tap of the filter that reaches an output, the taps in order.
#ifndef ONNX2MCU_CONV_TRANSPOSE_HPP
#define ONNX2MCU_CONV_TRANSPOSE_HPP

#include "float_sum.hpp"
#include "window.hpp"

namespace onnx2mcu {

/// The row or column of x that tap k of an output at `out` (counted from the padded edge) reads; -1 if none.
ONNX2MCU_INLINE int transposed_source(int out, int k_times_dilation, int stride, int size) noexcept {
  const int at = out - k_times_dilation;
  return at < 0 || at % stride != 0 || at / stride >= size ? -1 : at / stride;
}

/// The row of x that row ky of the filter brings to output row oy; -1 if none. Rows go through the planes.
template <class L>
ONNX2MCU_INLINE int transposed_source_row(int oy, int ky) noexcept {
  constexpr Planes p = PlanesOf<L>::value;
  const int in_h = L::in_h / p.in, out_h = L::out_h / p.out, k_h = L::k_h / p.k;
  const int out_plane = p.out == 1 ? 0 : oy / out_h, k_plane = p.k == 1 ? 0 : ky / k_h;
  const int plane = transposed_source(out_plane + p.pad_front, k_plane * p.dil, p.stride, p.in);
  const int row = transposed_source(oy - out_plane * out_h + L::pad_top, (ky - k_plane * k_h) * L::dil_h,
                                    L::stride_h, in_h);
  return plane < 0 || row < 0 ? -1 : plane * in_h + row;
}

/// The product of one pixel's channels with one tap's weights.
template <class L>
ONNX2MCU_INLINE float transposed_tap(const float* x, const float* w, int filter_tap) noexcept {
  constexpr int depth = L::in_c / L::groups;
  ProductSum<L::order, depth, L::block> sum(1.0F);
  for (int i = 0; i < depth; ++i) {
    sum.reach(i);
    sum.add(w[i * L::w_in], x[i]);
  }
  return L::flipped ? sum.result(filter_tap, L::out_c / L::groups * L::k_h * L::k_w) : sum.result(0, 1);
}

template <class L>
ONNX2MCU_INLINE float transposed_output(const float* x, const float* w, int oy, int ox, int oc) noexcept {
  constexpr int group_out = L::out_c / L::groups, group_in = L::in_c / L::groups;
  const int group = oc / group_out, filter = oc % group_out;
  const float* wo = w + group * L::w_group + filter * L::w_out;
  float sum = 0.0F;
  for (int ky = 0; ky < L::k_h; ++ky) {
    const int iy = transposed_source_row<L>(oy, ky);
    for (int kx = 0; kx < L::k_w && iy >= 0; ++kx) {
      const int ix = transposed_source(ox + L::pad_left, kx * L::dil_w, L::stride_w, L::in_w);
      if (ix < 0) continue;
      const int tap = ky * L::k_w + kx;
      sum += transposed_tap<L>(x + (iy * L::in_w + ix) * L::in_c + group * group_in, wo + tap * L::w_tap,
                               filter * L::k_h * L::k_w + tap);
    }
  }
  return sum;
}

/// x: [batch][in_h][in_w][in_c], y: [batch][out_h][out_w][out_c]; w by the steps w_group, w_out, w_tap, w_in.
template <class L>
ONNX2MCU_INLINE void conv_transpose(const float* x, const float* w, float* y) noexcept {
  for_each_output<L>(x, y, [w](const float* image, int oy, int ox, int oc) ONNX2MCU_INLINE_LAMBDA {
    return transposed_output<L>(image, w, oy, ox, oc);
  });
}

/// The same with a bias per output channel, added last.
template <class L>
ONNX2MCU_INLINE void conv_transpose(const float* x, const float* w, const float* bias, float* y) noexcept {
  for_each_output<L>(x, y, [w, bias](const float* image, int oy, int ox, int oc) ONNX2MCU_INLINE_LAMBDA {
    return transposed_output<L>(image, w, oy, ox, oc) + bias[oc];
  });
}

}  // namespace onnx2mcu

#endif
