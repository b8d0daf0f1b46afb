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

template <class L, class Y>
struct WinogradGuarded {
  template <class X>
  ONNX2MCU_INLINE void channel(const std::int32_t* products, const X* const (&rows)[4], Y* y, int first, int at, int c) const noexcept {
    const std::int32_t multiplier = channel_element(L::multiplier, c), addend = channel_element(L::addend, c);
    const std::uint32_t doubt = channel_element(L::doubt, c);
    winograd_channel<L>(products, y, first, at, c, [&](std::int32_t sum, int oy, int ox) ONNX2MCU_INLINE_LAMBDA {
      constexpr int up = L::left >= 2 ? L::left - 2 : 0;  // sum is four times the accumulator
      const std::int32_t steps = L::Cpu::smmla(L::left >= 2 ? sum * (1 << up) : sum >> 1, multiplier, addend);
      return is_doubtful<L>(steps, doubt) ? winograd_doubtful_cell<L, Y>(steps, c, rows, oy - first, oy, ox) : round_steps<L, Y>(steps);
    });
  }
};

/// scratch as for winograd_conv2d; plain_weights: [out_c][in_c][3][3].
template <class L, class X, class Y>
ONNX2MCU_INLINE void winograd_guarded_conv2d(const X* x, Y* y, std::uint32_t* scratch) noexcept {
  winograd_conv2d_with<L>(x, y, scratch, WinogradGuarded<L, Y>{});
}

}  // namespace onnx2mcu

#endif
