// Convolutions and matrix products that ONNX Runtime computes in float between DequantizeLinear and QuantizeLinear.
// They run in integers: the exact sum, scaled with fraction bits to spare. The compiler bounds how far the float
// computation can stray from it; an output closer than that to a rounding boundary (few are) is computed again in
// float, term by term in ONNX Runtime's order. So every output has ONNX Runtime's bits.
// L: multiplier[], addend[], left, fraction, guard, margin; x_scale, x_zero_point, y_scale, y_zero_point, y_min, y_max;
// float_weights(): w_scale[], w_zero_point[], float_bias[].
#ifndef ONNX2MCU_GUARDED_HPP
#define ONNX2MCU_GUARDED_HPP

#include "conv2d.hpp"
#include "float_qlinear.hpp"
#include "float_sum.hpp"
#include "fully_connected.hpp"

namespace onnx2mcu {

/// The output that acc stands for, in steps of y with L::fraction fraction bits. addend holds bias, zero point, one half.
template <class L>
ONNX2MCU_INLINE std::int32_t guarded_steps(std::int32_t acc, int c) noexcept {
  const std::int64_t scaled = static_cast<std::int64_t>(acc * (std::int32_t{1} << L::left)) * channel_element(L::multiplier, c);
  return static_cast<std::int32_t>(scaled >> 32) + channel_element(L::addend, c);
}

/// Whether the steps are so close to a rounding boundary that only the float computation decides, if y can hold them.
template <class L>
ONNX2MCU_INLINE bool is_doubtful(std::int32_t steps) noexcept {
  constexpr std::uint32_t one = std::uint32_t{1} << L::fraction;
  return ((static_cast<std::uint32_t>(steps) + L::guard) & (one - 1)) < 2 * L::guard;
}
template <class L>
ONNX2MCU_INLINE bool is_outside(std::int32_t steps) noexcept {
  constexpr std::int32_t one = std::int32_t{1} << L::fraction;
  return steps < (L::y_min - L::margin) * one || steps >= (L::y_max + 1 + L::margin) * one;
}
template <class L, class Y>
ONNX2MCU_INLINE Y round_steps(std::int32_t steps) noexcept {
  return static_cast<Y>(saturate<L>(steps >> L::fraction));
}

template <class L, class X, class W, class Sum>
ONNX2MCU_INLINE void add_dequantized(Sum& sum, X x, W w, int c) noexcept {
  const float xf = product(static_cast<float>(static_cast<std::int32_t>(x) - L::x_zero_point), L::x_scale);
  sum.add(xf, product(static_cast<float>(w), channel_element(L::w_scale, c)));
}

template <class L, class Y>
ONNX2MCU_INLINE Y quantize_guarded(float value) noexcept {
  return static_cast<Y>(quantize_element(value, L::y_scale, L::y_zero_point, L::y_min, L::y_max));
}

/// Output (oy, ox, oc) in float from the input rows under it, the terms in the order channel, row, column;
/// weight(oc, ky, kx, i).
template <class L, class Y, class X, class Weight>
Y float_conv_element(const X* const (&rows)[L::k_h], int oy, int ox, int oc, Weight weight) noexcept {
  constexpr int depth = L::in_c / L::groups, group_out = L::out_c / L::groups, terms = depth * L::k_h * L::k_w;
  ProductSum<L::order, terms, L::block> sum(1.0F);
  const TapRange cols = columns_inside<L>(ox);
  const int first = (ox * L::stride_w - L::pad_left) * L::in_c + oc / group_out * depth;
  for (int i = 0; i < depth; ++i)
    for (int ky = 0; ky < L::k_h; ++ky) {
      if (rows[ky] == nullptr) continue;
      const X* const row = rows[ky] + (first + i);
      for (int kx = cols.first; kx < cols.last; ++kx) {
        sum.reach((i * L::k_h + ky) * L::k_w + kx);
        add_dequantized<L>(sum, row[kx * (L::dil_w * L::in_c)], weight(oc, ky, kx, i), oc);
      }
    }
  const float value = L::flipped ? sum.result(oc % group_out, group_out) : sum.result(oy, L::out_h);
  return quantize_guarded<L, Y>(value + L::float_bias[oc]);
}

template <class L, class X, class Y>
ONNX2MCU_INLINE void guarded_conv2d_stage(const X* const (&rows)[L::k_h], Y* y, int oy) noexcept {
  const auto finish = [&rows, oy](std::int32_t acc, int ox, int oc) noexcept {
    const std::int32_t steps = guarded_steps<L>(acc, oc);
    if (!is_doubtful<L>(steps) || is_outside<L>(steps)) return round_steps<L, Y>(steps);
    return float_conv_element<L, Y>(rows, oy, ox, oc, [](int o, int ky, int kx, int i) noexcept {
      const int tap = ky * L::k_w + kx;
      return L::weights[L::depthwise ? tap * L::out_c + o : (o * L::k_h * L::k_w + tap) * (L::in_c / L::groups) + i];
    });
  };
  if constexpr (L::depthwise) depthwise_conv2d_row<L>(rows, y, finish);
  else conv2d_row<L>(rows, y, finish);
}

/// x: [in_h][in_w][in_c], y: [out_h][out_w][out_c]; they do not overlap.
template <class L, class X, class Y>
ONNX2MCU_INLINE void guarded_conv2d(const X* x, Y* y) noexcept {
  for_each_output_row<L, L::in_w * L::in_c, L::out_w * L::out_c>(x, y, [](const auto& rows, Y* to, int oy) noexcept { guarded_conv2d_stage<L>(rows, to, oy); });
}

/// Output (r, o) in float; x: row r, weight(o, i).
template <class L, class Y, class X, class Weight>
Y float_product_element(const X* x, int r, int o, Weight weight) noexcept {
  ProductSum<L::order, L::in, L::block> sum(1.0F);
  if constexpr (L::has_bias) sum.start(L::float_bias[o]);
  for (int i = 0; i < L::in; ++i) {
    sum.reach(i);
    add_dequantized<L>(sum, x[i], weight(o, i), o);
  }
  return quantize_guarded<L, Y>(L::flipped ? sum.result(r, L::rows) : sum.result(o, L::out));
}

/// x: [rows][in], y: [rows][out], weights [out][in]; x and y do not overlap.
template <class L, class X, class Y>
ONNX2MCU_INLINE void guarded_fully_connected(const X* x, Y* y) noexcept {
  fully_connected_with<L>(x, y, [x](std::int32_t acc, int r, int o) noexcept {
    const std::int32_t steps = guarded_steps<L>(acc, o);
    if (!is_doubtful<L>(steps) || is_outside<L>(steps)) return round_steps<L, Y>(steps);
    return float_product_element<L, Y>(x + r * L::in, r, o, [](int row, int i) noexcept { return L::weights[row * L::in + i]; });
  });
}

}  // namespace onnx2mcu

#endif
