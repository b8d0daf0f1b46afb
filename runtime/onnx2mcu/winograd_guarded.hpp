// winograd_conv2d.hpp for products that ONNX Runtime computes in float (guarded.hpp).
#ifndef ONNX2MCU_WINOGRAD_GUARDED_HPP
#define ONNX2MCU_WINOGRAD_GUARDED_HPP

#include "packed_guarded.hpp"
#include "winograd_conv2d.hpp"

namespace onnx2mcu {

/// A doubtful output of the first (j = 0) or second of two rows; rows: the four under them.
template <class L, class Y, class X>
ONNX2MCU_OUT_OF_LINE Y winograd_doubtful_cell(std::int32_t steps, int oc, const X* const (&rows)[4], int j, int oy, int ox) noexcept {
  if (is_outside<L>(steps)) return round_steps<L, Y>(steps);
  const X* const under[3] = {rows[j], rows[j + 1], rows[j + 2]};
  return float_conv_element<L, Y>(under, oy, ox, oc, [](int o, int ky, int kx, int i) ONNX2MCU_INLINE_LAMBDA {
    return L::plain_weights[(o * L::in_c + i) * 9 + ky * 3 + kx];
  });
}

/// scratch as for winograd_conv2d; plain_weights: [out_c][in_c][3][3].
template <class L, class X, class Y>
ONNX2MCU_INLINE void winograd_guarded_conv2d(const X* x, Y* y, std::uint32_t* scratch) noexcept {
  winograd_conv2d_with<L>(x, y, scratch, [](std::int32_t acc, const X* const (&rows)[4], int first, int oy, int ox, int oc) ONNX2MCU_INLINE_LAMBDA {
    const std::int32_t steps = guarded_steps<L>(acc, oc);
    return is_doubtful<L>(steps) ? winograd_doubtful_cell<L, Y>(steps, oc, rows, oy - first, oy, ox) : round_steps<L, Y>(steps);
  });
}

}  // namespace onnx2mcu

#endif
