// Convolutions and matrix products that ONNX Runtime computes in float between DequantizeLinear and
// QuantizeLinear. They run in integers: the exact sum, scaled with fraction bits to spare. The compiler
// bounds how far the float computation can stray from it; an output closer than that to a rounding boundary
// (few are) is computed again in float, term by term in ONNX Runtime's order. So every output has ONNX
// Runtime's bits. L: multiplier[], addend[], doubt[], left, fraction, guard (the widest), margin; x_scale,
// x_zero_point, y_scale, y_zero_point, y_min, y_max; float_weights(): w_scale[], w_zero_point[],
// float_bias[].
#ifndef ONNX2MCU_GUARDED_HPP
#define ONNX2MCU_GUARDED_HPP

#include "conv2d.hpp"
#include "float_qlinear.hpp"
#include "float_sum.hpp"
#include "fully_connected.hpp"
#include "unrolled.hpp"

namespace onnx2mcu {

/// The output that acc stands for, in steps of y with L::fraction fraction bits. addend holds bias, zero
/// point, one half, and the channel's guard.
template <class L>
ONNX2MCU_INLINE std::int32_t guarded_steps(std::int32_t acc, int c) noexcept {
  return L::Cpu::smmla(acc * (std::int32_t{1} << L::left), channel_element(L::multiplier, c),
                       channel_element(L::addend, c));
}

/// Whether the steps are so close to a rounding boundary that only the float computation decides, if y can
/// hold them. doubt: of the channel, the fraction bits of 2 * guard - 1 moved to the top of a word.
template <class L>
ONNX2MCU_INLINE bool is_doubtful(std::int32_t steps, std::uint32_t doubt) noexcept {
  return static_cast<std::uint32_t>(steps) << (32 - L::fraction) <= doubt;
}
template <class L>
ONNX2MCU_INLINE bool is_outside(std::int32_t steps) noexcept {
  constexpr std::int32_t one = std::int32_t{1} << L::fraction;
  return steps < (L::y_min - L::margin) * one || steps >= (L::y_max + 1 + L::margin) * one + L::guard;
}
/// Of steps that are not doubtful: guard changes nothing then. Or of those outside.
template <class L, class Y>
ONNX2MCU_INLINE Y round_steps(std::int32_t steps) noexcept {
  return static_cast<Y>(saturate_shifted<L, L::fraction>(steps));
}

template <class L, class X, class W, class Sum>
ONNX2MCU_INLINE void add_dequantized(Sum& sum, X x, W w, float w_scale) noexcept {
  const float xf = product(static_cast<float>(static_cast<std::int32_t>(x) - L::x_zero_point), L::x_scale);
  sum.add(xf, product(static_cast<float>(w), w_scale));
}

template <class L, class Y>
ONNX2MCU_INLINE Y quantize_guarded(float value) noexcept {
  return static_cast<Y>(quantize_element(value, L::y_scale, L::y_zero_point, L::y_min, L::y_max));
}

/// Output (oy, ox, oc) in float from the input rows under it, the terms in the order channel, row, column;
/// weight(oc, ky, kx, i).
template <class L, class Y, class X, class Weight>
Y float_conv_element(const X* const (&rows)[L::k_h], int oy, int ox, int oc, Weight weight) noexcept {
  constexpr int depth = L::in_c / L::groups, group_out = L::out_c / L::groups,
                terms = depth * L::k_h * L::k_w;
  ProductSum<L::order, terms, L::block> sum(1.0F);
  const float w_scale = channel_element(L::w_scale, oc);
  const TapRange cols = columns_inside<L>(ox);
  const int first = (ox * L::stride_w - L::pad_left) * L::in_c + oc / group_out * depth;
  const auto add = [&](int ky, int kx, int i) ONNX2MCU_INLINE_LAMBDA {
    add_dequantized<L>(sum, rows[ky][first + i + kx * (L::dil_w * L::in_c)], weight(oc, ky, kx, i), w_scale);
  };
  constexpr int taps = L::k_h * L::k_w, written = taps <= 9 ? taps : 0;  // so many in one piece
  const bool inside = written > 0 && rows_inside(rows) == L::k_h && cols.first == 0 && cols.last == L::k_w;
  for (int i = 0; i < depth; ++i) {
    if (inside && sum.uninterrupted(i * taps, taps)) {
      unrolled<written>([&](auto tap)
                            ONNX2MCU_INLINE_LAMBDA { add(tap.value / L::k_w, tap.value % L::k_w, i); });
      continue;
    }
    for (int ky = 0; ky < L::k_h; ++ky)
      for (int kx = cols.first; kx < cols.last && rows[ky] != nullptr; ++kx) {
        sum.reach((i * L::k_h + ky) * L::k_w + kx);
        add(ky, kx, i);
      }
  }
  const float value = L::flipped ? sum.result(oc % group_out, group_out) : sum.result(oy, L::out_h);
  return quantize_guarded<L, Y>(value + L::float_bias[oc]);
}

template <class L, class X, class Y>
ONNX2MCU_INLINE void guarded_conv2d_stage(const X* const (&rows)[L::k_h], Y* y, int oy) noexcept {
  const auto finish = [&rows, oy](std::int32_t acc, int ox, int oc) noexcept {
    const std::int32_t steps = guarded_steps<L>(acc, oc);
    if (!is_doubtful<L>(steps, channel_element(L::doubt, oc)) || is_outside<L>(steps))
      return round_steps<L, Y>(steps);
    return float_conv_element<L, Y>(rows, oy, ox, oc, [](int o, int ky, int kx, int i) noexcept {
      const int tap = ky * L::k_w + kx;
      return L::weights[L::depthwise ? tap * L::out_c + o
                                     : (o * L::k_h * L::k_w + tap) * (L::in_c / L::groups) + i];
    });
  };
  if constexpr (L::depthwise)
    depthwise_conv2d_row<L>(rows, y, finish);
  else
    conv2d_row<L>(rows, y, finish);
}

/// x: [in_h][in_w][in_c], y: [out_h][out_w][out_c]; they do not overlap.
template <class L, class X, class Y>
ONNX2MCU_INLINE void guarded_conv2d(const X* x, Y* y) noexcept {
  for_each_output_row<L, L::in_w * L::in_c, L::out_w * L::out_c>(
      x, y, [](const auto& rows, Y* to, int oy) noexcept { guarded_conv2d_stage<L>(rows, to, oy); });
}

/// Output (r, o) in float; x: row r, weight(o, i).
template <class L, class Y, class X, class Weight>
Y float_product_element(const X* x, int r, int o, Weight weight) noexcept {
  ProductSum<L::order, L::in, L::block> sum(1.0F);
  if constexpr (L::has_bias) sum.start(L::float_bias[o]);
  const float w_scale = channel_element(L::w_scale, o);
  for (int i = 0; i < L::in; ++i) {
    sum.reach(i);
    add_dequantized<L>(sum, x[i], weight(o, i), w_scale);
  }
  return quantize_guarded<L, Y>(L::flipped ? sum.result(r, L::rows) : sum.result(o, L::out));
}

/// x: [rows][in], y: [rows][out], weights [out][in]; x and y do not overlap.
template <class L, class X, class Y>
ONNX2MCU_INLINE void guarded_fully_connected(const X* x, Y* y) noexcept {
  fully_connected_with<L>(x, y, [x](std::int32_t acc, int r, int o) noexcept {
    const std::int32_t steps = guarded_steps<L>(acc, o);
    if (!is_doubtful<L>(steps, channel_element(L::doubt, o)) || is_outside<L>(steps))
      return round_steps<L, Y>(steps);
    return float_product_element<L, Y>(x + r * L::in, r, o,
                                       [](int row, int i) noexcept { return L::weights[row * L::in + i]; });
  });
}

}  // namespace onnx2mcu

#endif
