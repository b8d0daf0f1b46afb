// Quantized 2-D convolution, channels last. Weights are OHWI: [out_c][k_h][k_w][in_c / groups].
#ifndef ONNX2MCU_CONV2D_HPP
#define ONNX2MCU_CONV2D_HPP

#include "requantize_channel.hpp"
#include "window.hpp"

namespace onnx2mcu {

/// The accumulators of a convolution, each turned into an output by finish(acc, oy, ox, oc).
/// x: [in_h][in_w][in_c], y: [out_h][out_w][out_c]; they do not overlap. bias: bias - x_zero_point * sum of weights.
/// A padded cell holds x_zero_point, so it adds x_zero_point * w to an accumulator that starts from that bias.
template <class L, class X, class Y, class Finish>
ONNX2MCU_INLINE void conv2d_with(const X* x, Y* y, Finish finish) noexcept {
  constexpr int depth = L::in_c / L::groups, group_out = L::out_c / L::groups;
  constexpr int row_weights = L::k_w * depth;
  for (int oy = 0; oy < L::out_h; ++oy) {
    const int iy = oy * L::stride_h - L::pad_top;
    const TapRange rows = taps_inside(iy, L::k_h, L::dil_h, L::in_h);
    for (int ox = 0; ox < L::out_w; ++ox) {
      const int ix = ox * L::stride_w - L::pad_left;
      const TapRange cols = taps_inside(ix, L::k_w, L::dil_w, L::in_w);
      const bool inside = rows.last - rows.first == L::k_h && cols.last - cols.first == L::k_w;
      for (int oc = 0; oc < L::out_c; ++oc) {
        const auto* w = L::weights + oc * (L::k_h * row_weights);
        std::int32_t acc = L::bias[oc];
        for (int ky = rows.first; ky < rows.last; ++ky) {
          const int row = ((iy + ky * L::dil_h) * L::in_w + ix) * L::in_c + oc / group_out * depth;
          if constexpr (L::dil_w == 1 && L::groups == 1) {  // the row's taps lie side by side
            acc = L::Cpu::dot(x + (row + cols.first * depth), w + ky * row_weights + cols.first * depth,
                              (cols.last - cols.first) * depth, acc);
          } else {
            for (int kx = cols.first; kx < cols.last; ++kx)
              acc = L::Cpu::dot(x + (row + kx * (L::dil_w * L::in_c)), w + ky * row_weights + kx * depth, depth, acc);
          }
        }
        if (L::x_zero_point != 0 && !inside) {
          for (int ky = 0; ky < L::k_h; ++ky)
            for (int kx = 0; kx < L::k_w; ++kx) {
              if (ky >= rows.first && ky < rows.last && kx >= cols.first && kx < cols.last) continue;
              for (int i = 0; i < depth; ++i) acc += L::x_zero_point * w[ky * row_weights + kx * depth + i];
            }
        }
        *y++ = finish(acc, oy, ox, oc);
      }
    }
  }
}

/// The same with one input channel a group, out_c = in_c * multiplier. Weights are HWO: [k_h][k_w][out_c].
template <class L, class X, class Y, class Finish>
ONNX2MCU_INLINE void depthwise_conv2d_with(const X* x, Y* y, Finish finish) noexcept {
  constexpr int multiplier = L::out_c / L::in_c;
  for (int oy = 0; oy < L::out_h; ++oy) {
    const int iy = oy * L::stride_h - L::pad_top;
    const TapRange rows = taps_inside(iy, L::k_h, L::dil_h, L::in_h);
    for (int ox = 0; ox < L::out_w; ++ox) {
      const int ix = ox * L::stride_w - L::pad_left;
      const TapRange cols = taps_inside(ix, L::k_w, L::dil_w, L::in_w);
      const bool inside = rows.last - rows.first == L::k_h && cols.last - cols.first == L::k_w;
      for (int oc = 0; oc < L::out_c; ++oc) {
        std::int32_t acc = L::bias[oc];
        for (int ky = rows.first; ky < rows.last; ++ky) {
          const int row = ((iy + ky * L::dil_h) * L::in_w + ix) * L::in_c + oc / multiplier;
          const auto* w = L::weights + ky * (L::k_w * L::out_c) + oc;
          for (int kx = cols.first; kx < cols.last; ++kx)
            acc += static_cast<std::int32_t>(x[row + kx * (L::dil_w * L::in_c)]) * w[kx * L::out_c];
        }
        if (L::x_zero_point != 0 && !inside) {
          for (int ky = 0; ky < L::k_h; ++ky)
            for (int kx = 0; kx < L::k_w; ++kx)
              if (ky < rows.first || ky >= rows.last || kx < cols.first || kx >= cols.last)
                acc += L::x_zero_point * L::weights[(ky * L::k_w + kx) * L::out_c + oc];
        }
        *y++ = finish(acc, oy, ox, oc);
      }
    }
  }
}

template <class L, class X, class Y>
ONNX2MCU_INLINE void conv2d(const X* x, Y* y) noexcept {
  conv2d_with<L>(x, y, [](std::int32_t acc, int, int, int oc) noexcept { return static_cast<Y>(requantize_channel<L>(acc, oc)); });
}

template <class L, class X, class Y>
ONNX2MCU_INLINE void depthwise_conv2d(const X* x, Y* y) noexcept {
  depthwise_conv2d_with<L>(x, y, [](std::int32_t acc, int, int, int oc) noexcept { return static_cast<Y>(requantize_channel<L>(acc, oc)); });
}

}  // namespace onnx2mcu

#endif
