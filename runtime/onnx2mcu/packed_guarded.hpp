// The kernels of guarded.hpp on packed weights.
#ifndef ONNX2MCU_PACKED_GUARDED_HPP
#define ONNX2MCU_PACKED_GUARDED_HPP

#include "guarded.hpp"
#include "packed_conv2d.hpp"
#include "packed_depthwise.hpp"
#include "packed_fully_connected.hpp"

namespace onnx2mcu {

/// A doubtful output: cell = oy * out_w + ox. Out of line, for few outputs are.
template <class L, class Y, class X>
ONNX2MCU_OUT_OF_LINE Y packed_doubtful_cell(std::int32_t steps, int oc, const X* const (&rows)[L::k_h],
                                            int cell) noexcept {
  if (is_outside<L>(steps)) return round_steps<L, Y>(steps);
  return float_conv_element<L, Y>(rows, cell / L::out_w, cell % L::out_w, oc,
                                  [](int o, int ky, int kx, int i) ONNX2MCU_INLINE_LAMBDA {
                                    if constexpr (L::depthwise)
                                      return packed_depthwise_weight<L>(o, ky, kx);
                                    else
                                      return packed_conv_weight<L>(o, ky, kx, i);
                                  });
}

/// Output oc of row oy in float. x: its window in the patch, where what lies outside the image is 0 and
/// changes no sum; w: the weights of its block of four.
template <class L, class Y>
Y packed_float_element(const std::int16_t* x, const std::int32_t* w, int oy, int oc) noexcept {
  constexpr int taps = L::k_h * L::k_w;
  constexpr bool even = L::in_c % 2 == 0;
  ProductSum<L::order, L::in_c * taps, L::block> sum(1.0F);
  const char* const pairs = reinterpret_cast<const char*>(w + (oc & 3) / 2);
  const std::int32_t half = (oc & 1) != 0 ? 0 : 128;  // a pair is 256 * A + B
  const int up = (oc & 1) != 0 ? 24 : 16;
  const float scale = channel_element(L::w_scale, oc);
  for (int i = 0; i < L::in_c; ++i) {
    const int first = patch_element(i, L::in_c);
    const char* const from = pairs + (first >> 1) * 8 + (first & 1) * 2;
    const auto add = [&](int ky, int kx) ONNX2MCU_INLINE_LAMBDA {
      const int further = kx * Patch<L>::column + ky * L::in_c, element = first + further;
      std::int16_t pair = 0;
      __builtin_memcpy(&pair, even ? from + further * 4 : pairs + (element >> 1) * 8 + (element & 1) * 2, 2);
      const std::int32_t weight = cpu::wrap(static_cast<std::uint32_t>(pair + half) << up) >> 24;
      add_dequantized<L>(sum, x[element], weight, scale);
    };
    if (taps <= 9 && even && sum.uninterrupted(i * taps, taps)) {
      unrolled<taps <= 9 ? taps : 0>(
          [&](auto tap) ONNX2MCU_INLINE_LAMBDA { add(tap.value / L::k_w, tap.value % L::k_w); });
      continue;
    }
    for (int ky = 0; ky < L::k_h; ++ky)
      for (int kx = 0; kx < L::k_w; ++kx) {
        sum.reach((i * L::k_h + ky) * L::k_w + kx);
        add(ky, kx);
      }
  }
  const float value = L::flipped ? sum.result(oc, L::out_c) : sum.result(oy, L::out_h);
  return quantize_guarded<L, Y>(value + L::float_bias[oc]);
}

/// finish of a row of a convolution with a guard band.
template <class L, class X, class Y>
struct Guarded {
  const X* const (&rows)[L::k_h];
  int oy;

  static constexpr bool may_take_pairs() noexcept { return L::packed && L::left >= 8; }
  static constexpr bool takes_pairs(int) noexcept { return true; }
  static ONNX2MCU_INLINE std::int32_t multiplier(int c) noexcept { return channel_element(L::multiplier, c); }
  static ONNX2MCU_INLINE std::int32_t addend(int c) noexcept { return channel_element(L::addend, c); }
  static constexpr bool has_doubt = true;
  static ONNX2MCU_INLINE std::uint32_t doubt(int c) noexcept { return channel_element(L::doubt, c); }
  static ONNX2MCU_INLINE bool is_doubtful(std::int32_t steps, std::uint32_t doubt) noexcept {
    return onnx2mcu::is_doubtful<L>(steps, doubt);
  }
  static ONNX2MCU_INLINE std::int32_t scaled(std::int32_t acc_256, std::int32_t multiplier,
                                             std::int32_t addend) noexcept {
    return L::Cpu::smmla(acc_256 * (1 << (L::left >= 8 ? L::left - 8 : 0)), multiplier, addend);
  }
  static ONNX2MCU_INLINE Y rounded(std::int32_t steps) noexcept { return round_steps<L, Y>(steps); }

  /// Channels c to c + 3 of two pixels, of which at least one is doubtful; x: the first one's window in the
  /// patch, w: the four rows of weights.
  template <class D>
  ONNX2MCU_OUT_OF_LINE void doubtful_pair(const std::int32_t (&steps)[8], const std::int16_t* x,
                                          const std::int32_t* w, Y* y, int c) const noexcept {
    for (int i = 0; i < 8; ++i) {
      const int k = i % 4, p = i / 4, row = D::pixels == 2 ? oy : oy + p;
      y[p * D::out + k] = !is_doubtful(steps[i], doubt(c + k)) || is_outside<L>(steps[i])
                              ? rounded(steps[i])
                              : packed_float_element<L, Y>(x + p * D::second, w, row, c + k);
    }
  }
  ONNX2MCU_INLINE Y operator()(std::int32_t acc, int ox, int oc) const noexcept {
    const std::int32_t steps = guarded_steps<L>(acc, oc);
    return is_doubtful(steps, doubt(oc)) ? packed_doubtful_cell<L, Y>(steps, oc, rows, oy * L::out_w + ox)
                                         : rounded(steps);
  }
};

/// scratch as for packed_conv2d or packed_depthwise_conv2d.
template <class L, class X, class Y, class Scratch>
ONNX2MCU_INLINE void packed_guarded_conv2d_stage(const X* const (&rows)[L::k_h], Y* y, int oy,
                                                 Scratch* scratch) noexcept {
  const Guarded<L, X, Y> finish{rows, oy};
  if constexpr (L::depthwise) {
    for_each_row_plane<L>(rows, scratch, [&](int c) ONNX2MCU_INLINE_LAMBDA {
      int ox = 0;
      depthwise_rows<L, 7>(scratch, y + c, 1, c, [&finish, c, &ox](std::int32_t acc) ONNX2MCU_INLINE_LAMBDA {
        return finish(acc, ox++, c);
      });
    });
  } else {
    packed_conv2d_row<L>(rows, y, scratch, finish);
  }
}

/// The rows under a doubtful output are only looked for when there is one.
template <class L, class Y, class X>
ONNX2MCU_OUT_OF_LINE Y packed_doubtful_depthwise(std::int32_t steps, int c, const X* x, int cell) noexcept {
  const X* rows[L::k_h];
  input_rows<L, L::in_w * L::in_c>(x, cell / L::out_w, rows);
  return packed_doubtful_cell<L, Y>(steps, c, rows, cell);
}

template <class L, class X, class Y>
ONNX2MCU_INLINE void packed_guarded_depthwise(const X* x, Y* y, std::int16_t* plane) noexcept {
  for_each_band<L>(x, plane, [&](int c, int rows, int oy) ONNX2MCU_INLINE_LAMBDA {
    int cell = oy * L::out_w;
    depthwise_rows<L, 7>(plane, y + (oy * (L::out_w * L::out_c) + c), rows, c,
                         [x, c, &cell](std::int32_t acc) ONNX2MCU_INLINE_LAMBDA {
                           const std::int32_t steps = guarded_steps<L>(acc, c);
                           const int at = cell++;
                           return is_doubtful<L>(steps, channel_element(L::doubt, c))
                                      ? packed_doubtful_depthwise<L, Y>(steps, c, x, at)
                                      : round_steps<L, Y>(steps);
                         });
  });
}

template <class L, class X, class Y, class Scratch>
ONNX2MCU_INLINE void packed_guarded_conv2d(const X* x, Y* y, Scratch* scratch) noexcept {
  if constexpr (L::depthwise)
    return packed_guarded_depthwise<L>(x, y, scratch);
  else if constexpr (L::rows_at_once == 2)
    for_each_two_rows<L>(x, y, [scratch](const auto& first, const auto& second, Y* to, int oy) noexcept {
      packed_conv2d_two_rows<L>(first, second, to, scratch, Guarded<L, X, Y>{first, oy});
    });
  else
    for_each_output_row<L, L::in_w * L::in_c, L::out_w * L::out_c>(
        x, y, [scratch](const auto& rows, Y* to, int oy) noexcept {
          packed_guarded_conv2d_stage<L>(rows, to, oy, scratch);
        });
}

template <class L, class Y, class X>
ONNX2MCU_OUT_OF_LINE Y packed_doubtful_output(std::int32_t steps, int o, const X* x, int r) noexcept {
  if (is_outside<L>(steps)) return round_steps<L, Y>(steps);
  return float_product_element<L, Y>(x + r * L::in, r, o, [](int row, int i) ONNX2MCU_INLINE_LAMBDA {
    return packed_product_weight<L>(row, i);
  });
}

template <class L, class X, class Y>
ONNX2MCU_INLINE void packed_guarded_fully_connected(const X* x, Y* y) noexcept {
  packed_fully_connected_with<L>(x, y, [x](std::int32_t acc, int r, int o) ONNX2MCU_INLINE_LAMBDA {
    const std::int32_t steps = guarded_steps<L>(acc, o);
    return is_doubtful<L>(steps, channel_element(L::doubt, o)) ? packed_doubtful_output<L, Y>(steps, o, x, r)
                                                               : round_steps<L, Y>(steps);
  });
}

}  // namespace onnx2mcu

#endif
