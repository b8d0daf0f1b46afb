// Quantized 2-D convolution with packed weights whose windows all lie inside the image: the inputs are read
// where they lie, one pixel and four output channels at a time. No patch, so no RAM; each row of a window is
// a run of bytes.
#ifndef ONNX2MCU_PACKED_DIRECT_HPP
#define ONNX2MCU_PACKED_DIRECT_HPP

#include "packed_fully_connected.hpp"
#include "window.hpp"

namespace onnx2mcu {

/// `outputs` channels from c on of the pixel whose window begins `at` elements into each row. Returns the
/// weights of the next.
template <class L, int outputs, class X, class Y>
ONNX2MCU_INLINE const std::int32_t* packed_direct_outputs(const X* const (&rows)[L::k_h], int at,
                                                          const std::int32_t* w, Y* y, int c) noexcept {
  constexpr int run = L::k_w * L::in_c;
  PackedSums<(outputs + 1) / 2, 1> sums;
  sums.start(L::bias + c);
  for (const X* row : rows) {
    const X* const x = row + at;
    packed_run_bytes<L, run / 4>(sums, x, w);
    if constexpr (run % 4 != 0) {
      const std::uint32_t word = tail_word<run % 4>(x + run / 4 * 4);
      packed_quad<L>(sums, even_bytes<L, X>(word), odd_bytes<L, X>(word), w);
    }
  }
  packed_finish<L, outputs>(sums, y + c, L::out_c,
                            [&](std::int32_t acc, int, int row) ONNX2MCU_INLINE_LAMBDA {
                              return static_cast<Y>(requantize_channel<L>(acc, c + row));
                            });
  return w;
}

/// One row of output, [out_w][out_c], from k_h rows of x, [in_w][in_c].
template <class L, class X, class Y>
ONNX2MCU_INLINE void packed_direct_conv2d_stage(const X* const (&rows)[L::k_h], Y* y, int) noexcept {
  for (int at = 0, ox = 0; ox < L::out_w; ++ox, at += L::stride_w * L::in_c, y += L::out_c) {
    const std::int32_t* w = L::weights;
    int c = 0;
    for (; c + 4 <= L::out_c; c += 4) w = packed_direct_outputs<L, 4>(rows, at, w, y, c);
    if constexpr (L::out_c % 4 >= 2) w = packed_direct_outputs<L, 2>(rows, at, w, y, L::out_c / 4 * 4);
    if constexpr (L::out_c % 2 != 0) packed_direct_outputs<L, 1>(rows, at, w, y, L::out_c - 1);
  }
}

/// x: [in_h][in_w][in_c], y: [out_h][out_w][out_c]; they do not overlap. L: packed; weights: blocks of 4 rows
/// (then of 2, 1), in each by kernel row, four inputs (a run ends with weights 0), pair of rows, and inputs
/// (0, 2), (1, 3); bias as there.
template <class L, class X, class Y>
ONNX2MCU_INLINE void packed_direct_conv2d(const X* x, Y* y) noexcept {
  for_each_output_row<L, L::in_w * L::in_c, L::out_w * L::out_c>(
      x, y, [](const auto& rows, Y* to, int oy) ONNX2MCU_INLINE_LAMBDA {
        packed_direct_conv2d_stage<L>(rows, to, oy);
      });
}

}  // namespace onnx2mcu

#endif
