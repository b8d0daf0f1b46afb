// Log, Elu, Selu and Softplus of whole arrays. ONNX Runtime 1.30 computes them with Eigen: elements in
// packets of four by polynomials (SSE2, nothing fused), the last size % 4 elements by glibc's expf, logf and
// log1pf. The two differ in the last bit, so the position of an element matters; x must be a whole tensor.
#ifndef ONNX2MCU_FLOAT_PACKET_MATH_HPP
#define ONNX2MCU_FLOAT_PACKET_MATH_HPP

#include "float_libm.hpp"
#include "float_math.hpp"

namespace onnx2mcu {

/// Largest integer not above x, for |x| < 2^31.
inline float floor_f32(float x) noexcept {
  const float whole = static_cast<float>(static_cast<std::int32_t>(x));
  return whole > x ? whole - 1.0F : whole;
}

/// Eigen's pexp for Packet4f (GenericPacketMathFunctions.h).
inline float packet_exp(float x) noexcept {
  if (x != x) return x;
  if (x < -104.0F) return 0.0F;
  const float limited = min_ps(x, 88.723F);
  const float m = floor_f32(product(limited, 1.44269504088896341F) + 0.5F);
  const float r = product(m, 2.12194440e-4F) + (product(m, -0.693359375F) + limited);
  const float r2 = product(r, r);
  const float even =
      product(r2, product(r2, 1.37449637986719608306884765625e-3F) + 4.166965186595916748046875e-2F) +
      0.49999988079071044921875F;
  const float odd = product(r2, 8.36894474923610687255859375e-3F) + 0.16666518151760101318359375F;
  const float y = product(r2, product(r, odd) + even) + (r + 1.0F);
  return max_ps(scale_by_power_of_2(y, m), x);
}

/// Eigen's plog for Packet4f.
inline float packet_log(float x) noexcept {
  if (!(x >= 0.0F)) return __builtin_nanf("");
  if (x == 0.0F) return -__builtin_inff();
  if (x == __builtin_inff()) return x;
  const bool subnormal = x < 0x1p-126F;
  const std::uint32_t bits = float_bits(subnormal ? x * 0x1p24F : x);
  float significand = float_from_bits((bits & 0x007FFFFFU) | 0x3F000000U);  // [0.5, 1)
  float exponent = static_cast<float>(static_cast<int>(bits >> 23) - (subnormal ? 150 : 126));
  const bool below = significand < 0.707106781186547524F;
  const float shift = below ? significand : 0.0F;
  significand = (significand - 1.0F) + shift;
  if (below) exponent -= 1.0F;
  const float s = significand;
  const float p =
      s * (product(s, product(s, 0.18256296349849254F) + 1.0000000190281063F) + 1.0000000190281136F);
  const float q =
      product(s, product(s, product(s, 0.049616247954120038F) + 0.59923249590823520F) + 1.4999999999999927F) +
      1.0F;
  return product(exponent, 0.693147180559945309417232121458F) + p / q;
}

/// Eigen's generic log1p over packet_log.
inline float packet_log1p(float x) noexcept {
  const float above = x + 1.0F;
  const float log_above = packet_log(above);
  if (above == 1.0F || above == log_above) return x;
  return x * (log_above / (above - 1.0F));
}

ONNX2MCU_INLINE float packet_or_libm_exp(float x, bool packet) noexcept {
  return packet ? packet_exp(x) : libm_exp(x);
}

/// activations.h: Elu.
inline void elu_f32(const float* x, float* y, int size, float alpha) noexcept {
  for (int i = 0; i < size; ++i)
    y[i] = x[i] >= 0.0F ? x[i] : alpha * (packet_or_libm_exp(x[i], i < size - size % 4) - 1.0F);
}

/// activations.h: Selu; gamma * alpha is rounded first.
inline void selu_f32(const float* x, float* y, int size, float alpha, float gamma) noexcept {
  const float scale = gamma * alpha;
  for (int i = 0; i < size; ++i)
    y[i] = x[i] > 0.0F ? gamma * x[i] : scale * (packet_or_libm_exp(x[i], i < size - size % 4) - 1.0F);
}

/// activations.h: Softplus.
inline float softplus_f32(float x, bool packet) noexcept {
  const float e = packet_or_libm_exp(x > 0.0F ? -x : x, packet);
  const float l = packet ? packet_log1p(e) : libm_log1p(e);
  return x > 0.0F ? x + l : l;
}
inline void softplus_f32(const float* x, float* y, int size) noexcept {
  for (int i = 0; i < size; ++i) y[i] = softplus_f32(x[i], i < size - size % 4);
}

/// element_wise_ops.cc: Log.
inline void log_f32(const float* x, float* y, int size) noexcept {
  for (int i = 0; i < size; ++i) y[i] = i < size - size % 4 ? packet_log(x[i]) : libm_log(x[i]);
}

}  // namespace onnx2mcu

#endif
