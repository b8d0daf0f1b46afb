// Scalar float functions with the bits of ONNX Runtime 1.30's CPU provider on x86-64 with AVX512F and FMA.
// They follow its vector kernels lane by lane: same polynomials, same places of rounding, same order of the
// operands of min and max (which decides what NaN and -0 become). No libm, no state. The named sources are
// ONNX Runtime's.
#ifndef ONNX2MCU_FLOAT_MATH_HPP
#define ONNX2MCU_FLOAT_MATH_HPP

#include "core.hpp"

/// Keeps a compiler that may contract a * b + c into one instruction from seeing that v is a product.
#if defined(__arm__) && defined(__ARM_FEATURE_FMA)
#define ONNX2MCU_ROUNDED(v) __asm__("" : "+t"(v))
#elif defined(__aarch64__)
#define ONNX2MCU_ROUNDED(v) __asm__("" : "+w"(v))
#elif defined(__x86_64__)
#define ONNX2MCU_ROUNDED(v) __asm__("" : "+x"(v))
#else
#define ONNX2MCU_ROUNDED(v) static_cast<void>(v)
#endif

namespace onnx2mcu {

inline std::uint32_t float_bits(float x) noexcept {
  std::uint32_t bits = 0;
  __builtin_memcpy(&bits, &x, sizeof bits);
  return bits;
}

inline float float_from_bits(std::uint32_t bits) noexcept {
  float x = 0.0F;
  __builtin_memcpy(&x, &bits, sizeof x);
  return x;
}

inline std::uint64_t double_bits(double x) noexcept {
  std::uint64_t bits = 0;
  __builtin_memcpy(&bits, &x, sizeof bits);
  return bits;
}

inline double double_from_bits(std::uint64_t bits) noexcept {
  double x = 0.0;
  __builtin_memcpy(&x, &bits, sizeof x);
  return x;
}

/// a * b, rounded to float whatever is done with it next.
inline float product(float a, float b) noexcept {
  float p = a * b;
  ONNX2MCU_ROUNDED(p);
  return p;
}

/// x * y + z, rounded once, on a core without the instruction. The product of two floats is exact in double;
/// the sum is rounded to odd, which makes the second rounding, to float, harmless. (newlib's fmaf rounds
/// twice.)
inline float fused_multiply_add_software(float x, float y, float z) noexcept {
  const double exact = static_cast<double>(x) * static_cast<double>(y);
  const double addend = static_cast<double>(z);
  double sum = exact + addend;
  const double virtual_addend = sum - exact;
  const double error = (exact - (sum - virtual_addend)) + (addend - virtual_addend);
  const std::uint64_t bits = double_bits(sum);
  // The error of an infinite or NaN sum is NaN or zero: both leave it alone.
  if ((error > 0.0 || error < 0.0) && (bits & 1U) == 0) {
    const bool away_from_zero = (error > 0.0) == (sum > 0.0);
    sum = double_from_bits(away_from_zero ? bits + 1 : bits - 1);
  }
  return static_cast<float>(sum);
}

/// x * y + z, rounded once.
inline float fused_multiply_add(float x, float y, float z) noexcept {
#if defined(__arm__) && !defined(__ARM_FEATURE_FMA)
  return fused_multiply_add_software(x, y, z);
#else
  return __builtin_fmaf(x, y, z);
#endif
}

/// The polynomial c[0]·x^(N-1) + … + c[N-1], every step fused.
template <std::size_t N>
ONNX2MCU_INLINE float fused_polynomial(float x, const float (&c)[N]) noexcept {
  float p = c[0];
  for (std::size_t i = 1; i < N; ++i) p = fused_multiply_add(p, x, c[i]);
  return p;
}

/// MAXPS and MINPS: the second operand when the operands are equal or unordered.
inline float max_ps(float a, float b) noexcept { return a > b ? a : b; }
inline float min_ps(float a, float b) noexcept { return a < b ? a : b; }

/// 2^n for -126 <= n <= 127.
inline float power_of_2(int n) noexcept { return float_from_bits(static_cast<std::uint32_t>(n + 127) << 23); }

/// VSCALEFPS: p * 2^m for an integral m, rounded once.
inline float scale_by_power_of_2(float p, float m) noexcept {
  const float infinity = __builtin_inff();
  if (m != m) return m;
  if (p != p) return m < infinity ? p : infinity;
  const int n = m > 252.0F ? 252 : m < -252.0F ? -252 : static_cast<int>(m);
  return (p * power_of_2(n / 2)) * power_of_2(n - n / 2);
}

/// Exp: MlasComputeExpF32KernelAvx512F (TransKernelAvx512F.S), constants of compute.cpp.
inline float exp_f32(float x) noexcept {
  constexpr float rounding_bias = 12582912.0F;  // 1.5·2^23: adding it rounds to an integer
  constexpr float c[] = {
      0x1.694000p-10F, 0x1.125edcp-7F, 0x1.555b5ap-5F, 0x1.555450p-3F, 0x1.fffff6p-2F, 1.0F, 1.0F};
  x = max_ps(-103.9720840454F, x);
  const float m = fused_multiply_add(1.44269504088896341F, x, rounding_bias) - rounding_bias;
  x = fused_multiply_add(m, -6.93145752e-1F, x);
  x = fused_multiply_add(m, -1.42860677e-6F, x);
  return scale_by_power_of_2(fused_polynomial(x, c), m);
}

/// Sigmoid: MlasComputeLogisticF32KernelFma3 (TransKernelFma3.S), constants of logistic.cpp.
inline float sigmoid_f32(float x) noexcept {
  constexpr float p[] = {4.37031012579801e-11F, 1.15627324459942e-07F, 6.08574864600143e-05F,
                         8.51377133304701e-03F, 2.48287947061529e-01F};
  constexpr float q[] = {6.10247389755681e-13F, 5.76102136993427e-09F, 6.29106785017040e-06F,
                         1.70198817374094e-03F, 1.16817656904453e-01F, 9.93151921023180e-01F};
  x = min_ps(18.0F, max_ps(-18.0F, x));
  const float x2 = x * x;
  return max_ps(0.0F, x * fused_polynomial(x2, p) / fused_polynomial(x2, q) + 0.5F);
}

/// Tanh: MlasComputeTanhF32KernelFma3 (TransKernelFma3.S), constants of tanh.cpp.
inline float tanh_f32(float x) noexcept {
  constexpr float p[] = {-2.76076847742355e-16F, 2.00018790482477e-13F, -8.60467152213735e-11F,
                         5.12229709037114e-08F,  1.48572235717979e-05F, 6.37261928875436e-04F,
                         4.89352455891786e-03F};
  constexpr float q[] = {1.19825839466702e-06F, 1.18534705686654e-04F, 2.26843463243900e-03F,
                         4.89352518554385e-03F};
  x = min_ps(9.0F, max_ps(-9.0F, x));
  const float x2 = x * x;
  return x * fused_polynomial(x2, p) / fused_polynomial(x2, q);
}

/// 1 - exp(-x) for 0 <= x <= 88, the upper branch of erf.
inline float one_minus_exp_of_minus(float x) noexcept {
  constexpr float rounding_bias = 12582912.0F;
  constexpr float c[] = {
      1.38319808e-3F, 8.37550033e-3F, 4.16689515e-2F, 1.66664466e-1F, 4.99999851e-1F, 1.0F, 1.0F};
  const float m = fused_multiply_add(1.44269504088896341F, -x, rounding_bias) - rounding_bias;
  float r = fused_multiply_add(m, -6.93145752e-1F, -x);
  r = fused_multiply_add(m, -1.42860677e-6F, r);
  return 1.0F - product(fused_polynomial(r, c), power_of_2(static_cast<int>(m)));
}

/// Erf: MlasErfKernelFma3 (ErfKernelFma3.S), constants of erf.cpp.
inline float erf_f32(float x) noexcept {
  constexpr float low[] = {-5.99104969e-4F, 4.99339588e-3F,  -2.67667342e-2F,
                           1.12818025e-1F,  -3.76124859e-1F, 1.28379151e-1F};
  constexpr float high[] = {1.72948930e-5F, -3.83208680e-4F, 3.88393435e-3F, -2.42545605e-2F,
                            1.06777847e-1F, 6.34846687e-1F,  1.28717512e-1F};
  if (x != x) return x;
  const std::uint32_t sign = float_bits(x) & 0x80000000U;
  const float a = min_ps(float_from_bits(float_bits(x) ^ sign), 3.925F);
  const float r = a < 0.921875F ? fused_multiply_add(fused_polynomial(a * a, low), a, a)
                                : one_minus_exp_of_minus(fused_multiply_add(fused_polynomial(a, high), a, a));
  return float_from_bits(float_bits(r) | sign);
}

/// Gelu: MlasGeluKernelAvx512F (gelu_avx512f.cpp), and its tanh approximation (gelu.cc).
inline float gelu_f32(float x) noexcept { return (0.5F * x) * (erf_f32(x * 0.70710678118654752440F) + 1.0F); }
inline float gelu_tanh_f32(float x) noexcept {
  const float inner = x * (product(0.035677408136300125F * x, x) + 0.7978845608028654F);
  return (0.5F * x) * (tanh_f32(inner) + 1.0F);
}

inline float leaky_relu_f32(float x, float alpha) noexcept { return x >= 0.0F ? x : alpha * x; }

/// HardSigmoid, HardSwish (activations.h): not fused, NaN stays NaN.
inline float hard_sigmoid_f32(float x, float alpha, float beta) noexcept {
  const float v = product(alpha, x) + beta;
  return v > 1.0F ? 1.0F : v < 0.0F ? 0.0F : v;
}
inline float hard_swish_f32(float x) noexcept { return x * hard_sigmoid_f32(x, 1.0F / 6.0F, 0.5F); }

}  // namespace onnx2mcu

#endif
