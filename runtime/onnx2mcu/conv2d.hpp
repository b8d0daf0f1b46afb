// Quantized 2-D convolution, channels last. Weights are OHWI: [out_c][k_h][k_w][in_c / groups].
#ifndef ONNX2MCU_CONV2D_HPP
#define ONNX2MCU_CONV2D_HPP

#include "requantize_channel.hpp"
#include "window.hpp"

namespace onnx2mcu {

/// All outputs of a pixel whose window, x elements from the start of each row, lies inside the image. For
/// compilers with vector instructions: runs as long as can be, short ones put side by side, and several
/// outputs at once.
template <class L, class X, class Y, class Finish>
ONNX2MCU_INLINE void conv2d_whole_window(const X* const (&rows)[L::k_h], int x, int ox, Y* y,
                                         Finish finish) noexcept {
  constexpr int run = L::k_w * L::in_c, taps = L::k_h * run;
  constexpr bool gathers = run < 32 && taps <= 192;
  constexpr int block = L::out_c % 16 == 0  ? 16
                        : L::out_c % 8 == 0 ? 8
                        : L::out_c % 6 == 0 ? 6
                        : L::out_c % 4 == 0 ? 4
                                            : 1;
  X window[gathers ? taps : 1];
  if constexpr (gathers)
    for (int ky = 0; ky < L::k_h; ++ky) __builtin_memcpy(window + ky * run, rows[ky] + x, sizeof(X) * run);
  for (int oc = 0; oc < L::out_c; oc += block) {
    std::int32_t acc[block];
    for (int i = 0; i < block; ++i) {
      const auto* w = L::weights + (oc + i) * taps;
      acc[i] = L::bias[oc + i];
      if constexpr (gathers)
        acc[i] = L::Cpu::dot(window, w, taps, acc[i]);
      else
        for (int ky = 0; ky < L::k_h; ++ky) acc[i] = L::Cpu::dot(rows[ky] + x, w + ky * run, run, acc[i]);
    }
    for (int i = 0; i < block; ++i) y[oc + i] = finish(acc[i], ox, oc + i);
  }
}

/// One row of output: y = finish(accumulator, ox, oc). rows: k_h rows of x, [in_w][in_c], null above and
/// below the image; y: [out_w][out_c], no overlap. bias: bias - x_zero_point * sum of weights. A padded cell
/// holds x_zero_point, so it adds x_zero_point * w to an accumulator that starts from that bias.
template <class L, class X, class Y, class Finish>
ONNX2MCU_INLINE void conv2d_row(const X* const (&rows)[L::k_h], Y* y, Finish finish) noexcept {
  constexpr int depth = L::in_c / L::groups, group_out = L::out_c / L::groups;
  constexpr int row_weights = L::k_w * depth;
  constexpr bool adjacent = L::dil_w == 1 && L::groups == 1;  // a row's taps lie side by side
  [[maybe_unused]] const bool all_rows = rows_inside(rows) == L::k_h;
  for (int ox = 0; ox < L::out_w; ++ox) {
    const TapRange inside = columns_inside<L>(ox);
    const int x = (ox * L::stride_w - L::pad_left) * L::in_c;
    if constexpr (adjacent && L::Cpu::vectorizes) {
      if (all_rows && inside.last - inside.first == L::k_w) {  // nearly every window
        conv2d_whole_window<L>(rows, x, ox, y, finish);
        y += L::out_c;
        continue;
      }
    }
    for (int oc = 0; oc < L::out_c; ++oc) {
      const auto* w = L::weights + oc * (L::k_h * row_weights);
      std::int32_t acc = L::bias[oc];
      for (int ky = 0; ky < L::k_h; ++ky, w += row_weights) {
        const TapRange cols = rows[ky] == nullptr ? TapRange{0, 0} : inside;
        const int first = x + oc / group_out * depth;
        if constexpr (adjacent) {
          if (rows[ky] != nullptr)
            acc = L::Cpu::dot(rows[ky] + (first + cols.first * depth), w + cols.first * depth,
                              (cols.last - cols.first) * depth, acc);
        } else {
          for (int kx = cols.first; kx < cols.last; ++kx)
            acc = L::Cpu::dot(rows[ky] + (first + kx * (L::dil_w * L::in_c)), w + kx * depth, depth, acc);
        }
        if (L::x_zero_point == 0 || cols.last - cols.first == L::k_w) continue;
        for (int kx = 0; kx < L::k_w; ++kx)
          for (int i = 0; i < depth && (kx < cols.first || kx >= cols.last); ++i)
            acc += L::x_zero_point * w[kx * depth + i];
      }
      *y++ = finish(acc, ox, oc);
    }
  }
}

/// The same with one input channel a group, out_c = in_c * multiplier. Weights are HWO: [k_h][k_w][out_c].
template <class L, class X, class Y, class Finish>
ONNX2MCU_INLINE void depthwise_conv2d_row(const X* const (&rows)[L::k_h], Y* y, Finish finish) noexcept {
  constexpr int multiplier = L::out_c / L::in_c;
  for (int ox = 0; ox < L::out_w; ++ox) {
    const TapRange inside = columns_inside<L>(ox);
    const int x = (ox * L::stride_w - L::pad_left) * L::in_c;
    for (int oc = 0; oc < L::out_c; ++oc) {
      const auto* w = L::weights + oc;
      std::int32_t acc = L::bias[oc];
      for (int ky = 0; ky < L::k_h; ++ky, w += L::k_w * L::out_c) {
        const TapRange cols = rows[ky] == nullptr ? TapRange{0, 0} : inside;
        const int first = x + oc / multiplier;
        for (int kx = cols.first; kx < cols.last; ++kx)
          acc += static_cast<std::int32_t>(rows[ky][first + kx * (L::dil_w * L::in_c)]) * w[kx * L::out_c];
        if (L::x_zero_point == 0 || cols.last - cols.first == L::k_w) continue;
        for (int kx = 0; kx < L::k_w; ++kx)
          if (kx < cols.first || kx >= cols.last) acc += L::x_zero_point * w[kx * L::out_c];
      }
      *y++ = finish(acc, ox, oc);
    }
  }
}

template <class L, class X, class Y>
ONNX2MCU_INLINE void conv2d_stage(const X* const (&rows)[L::k_h], Y* y, int) noexcept {
  conv2d_row<L>(rows, y, [](std::int32_t acc, int, int oc) noexcept {
    return static_cast<Y>(requantize_channel<L>(acc, oc));
  });
}

template <class L, class X, class Y>
ONNX2MCU_INLINE void depthwise_conv2d_stage(const X* const (&rows)[L::k_h], Y* y, int) noexcept {
  depthwise_conv2d_row<L>(rows, y, [](std::int32_t acc, int, int oc) noexcept {
    return static_cast<Y>(requantize_channel<L>(acc, oc));
  });
}

/// x: [in_h][in_w][in_c], y: [out_h][out_w][out_c]; they do not overlap.
template <class L, class X, class Y>
ONNX2MCU_INLINE void conv2d(const X* x, Y* y) noexcept {
  for_each_output_row<L, L::in_w * L::in_c, L::out_w * L::out_c>(
      x, y, [](const auto& rows, Y* to, int oy) noexcept { conv2d_stage<L>(rows, to, oy); });
}

template <class L, class X, class Y>
ONNX2MCU_INLINE void depthwise_conv2d(const X* x, Y* y) noexcept {
  for_each_output_row<L, L::in_w * L::in_c, L::out_w * L::out_c>(
      x, y, [](const auto& rows, Y* to, int oy) noexcept { depthwise_conv2d_stage<L>(rows, to, oy); });
}

}  // namespace onnx2mcu

#endif
