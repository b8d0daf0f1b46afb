// ConvInteger: 2-D convolution of 8-bit integers to int32, channels last, with a zero point known at compile
// time or at run time. Weights are OHWI: [out_c][k_h][k_w][in_c / groups], their zero points taken off.
#ifndef ONNX2MCU_CONV_INTEGER_HPP
#define ONNX2MCU_CONV_INTEGER_HPP

#include "window.hpp"

namespace onnx2mcu {

/// The taps of one window that lie inside the image (`whole`: all of them), for output channel oc. A padded
/// cell holds the zero point and adds nothing.
template <class L, class X>
ONNX2MCU_INLINE std::int32_t conv_integer_window(const X* x, std::int32_t zero_point, int oc, TapRange rows,
                                                 TapRange cols) noexcept {
  constexpr int depth = L::in_c / L::groups, group_out = L::out_c / L::groups, row_weights = L::k_w * depth;
  const auto* w = L::weights + oc * (L::k_h * row_weights);
  x += oc / group_out * depth;
  const bool whole = rows.last - rows.first == L::k_h && cols.last - cols.first == L::k_w;
  std::int32_t acc = whole ? -zero_point * L::weight_sums[oc] : 0;
  for (int ky = rows.first; ky < rows.last; ++ky)
    for (int kx = cols.first; kx < cols.last; ++kx) {
      const X* cell = x + (ky * L::dil_h * L::in_w + kx * L::dil_w) * L::in_c;
      const auto* tap = w + ky * row_weights + kx * depth;
      if (whole) {
        acc = L::Cpu::dot(cell, tap, depth, acc);
      } else {
        for (int i = 0; i < depth; ++i) acc += (cell[i] - zero_point) * tap[i];
      }
    }
  return acc;
}

/// x: [in_h][in_w][in_c], y: [out_h][out_w][out_c]; they do not overlap. weight_sums[oc]: the sum of its
/// weights.
template <class L, class X>
ONNX2MCU_INLINE void conv_integer(const X* x, const X* x_zero_point, std::int32_t* y) noexcept {
  const std::int32_t zero_point = *x_zero_point;
  for (int oy = 0; oy < L::out_h; ++oy) {
    const int iy = oy * L::stride_h - L::pad_top;
    const TapRange rows = taps_inside(iy, L::k_h, L::dil_h, L::in_h);
    for (int ox = 0; ox < L::out_w; ++ox) {
      const int ix = ox * L::stride_w - L::pad_left;
      const TapRange cols = taps_inside(ix, L::k_w, L::dil_w, L::in_w);
      const X* origin = x + (iy * L::in_w + ix) * L::in_c;
      for (int oc = 0; oc < L::out_c; ++oc) *y++ = conv_integer_window<L>(origin, zero_point, oc, rows, cols);
    }
  }
}

}  // namespace onnx2mcu

#endif
