// winograd_conv2d.hpp for products that ONNX Runtime computes in float (guarded.hpp).
#ifndef ONNX2MCU_WINOGRAD_GUARDED_HPP
#define ONNX2MCU_WINOGRAD_GUARDED_HPP

#include "packed_guarded.hpp"
#include "winograd_conv2d.hpp"

namespace onnx2mcu {

/// The outputs of a tile, [2][2], with fraction bits.
template <class L>
ONNX2MCU_INLINE void winograd_steps(const std::int32_t* sums, int c, std::int32_t (&steps)[4]) noexcept {
  constexpr int up = L::left >= 2 ? L::left - 2 : 0;  // the sums are four times the accumulators
  const std::int32_t multiplier = channel_element(L::multiplier, c), addend = channel_element(L::addend, c);
  winograd_tile(sums, L::bias[c], steps);
  unrolled<4>([&](auto i) ONNX2MCU_INLINE_LAMBDA {
    steps[i.value] =
        L::Cpu::smmla(L::left >= 2 ? steps[i.value] * (1 << up) : steps[i.value] >> 1, multiplier, addend);
  });
}

/// The doubtful outputs of a tile once more, in float.
template <class L, class X, class Y>
ONNX2MCU_OUT_OF_LINE void winograd_doubtful_tile(const std::int32_t* sums, const X* x, Y* y, int oy, int ox,
                                                 int c) noexcept {
  std::int32_t steps[4];
  winograd_steps<L>(sums, c, steps);
  const X* rows[4];
  winograd_rows<L>(x, oy, rows);
  for (int i = 0; i < 4; ++i) {
    const int down = i / 2, at_y = oy + down, at_x = ox + i % 2;
    if (at_y >= L::out_h || at_x >= L::out_w || !is_doubtful<L>(steps[i], channel_element(L::doubt, c)) ||
        is_outside<L>(steps[i]))
      continue;
    const X* const under[3] = {rows[down], rows[down + 1], rows[down + 2]};
    y[(down * L::out_w + at_x) * L::out_c + c] = float_conv_element<L, Y>(
        under, at_y, at_x, c, [](int o, int ky, int kx, int k) ONNX2MCU_INLINE_LAMBDA {
          if constexpr (Winograd<L>::transforms_weights)
            return L::weights[((o * (L::in_c / 4) + k / 4) * 9 + ky * 3 + kx) * 4 + k % 4];
          else
            return L::plain_weights[(o * L::in_c + k) * 9 + ky * 3 + kx];
        });
  }
}

/// All outputs of a tile are written before any of them is doubted: what is rare costs the others a
/// comparison.
template <class L, class Y>
struct WinogradGuarded {
  template <class X>
  ONNX2MCU_INLINE void channel(const std::int32_t* sums, const X* x, Y* y, int oy, int ox,
                               int c) const noexcept {
    const std::uint32_t doubt = channel_element(L::doubt, c);
    for (const int end = ox + 8 < L::out_w ? ox + 8 : L::out_w; ox < end; ox += 2, sums += 8) {
      std::int32_t steps[4];
      winograd_steps<L>(sums, c, steps);
      winograd_store<L>(y, oy, ox, c,
                        [&](int i) ONNX2MCU_INLINE_LAMBDA { return round_steps<L, Y>(steps[i]); });
      if (is_doubtful<L>(steps[0], doubt) || is_doubtful<L>(steps[1], doubt) ||
          is_doubtful<L>(steps[2], doubt) || is_doubtful<L>(steps[3], doubt))
        winograd_doubtful_tile<L>(sums, x, y, oy, ox, c);
    }
  }
};

/// scratch as for winograd_conv2d; plain_weights: [out_c][in_c][3][3], where the others are transformed.
template <class L, class X, class Y>
ONNX2MCU_INLINE void winograd_guarded_conv2d(const X* x, Y* y, std::uint32_t* scratch) noexcept {
  winograd_conv2d_with<L>(x, y, scratch, WinogradGuarded<L, Y>{});
}

}  // namespace onnx2mcu

#endif
