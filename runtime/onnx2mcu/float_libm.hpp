// expf, logf, log1pf as glibc 2.27 to 2.40 computes them (x86-64), for the places where ONNX Runtime calls
// them. exp and log: Arm's optimized routines (MIT licence), in double; log1p: FreeBSD msun (Sun
// Microsystems), in float. Also a double exp that is right to less than one unit in the last place. No errno,
// no exceptions.
#ifndef ONNX2MCU_FLOAT_LIBM_HPP
#define ONNX2MCU_FLOAT_LIBM_HPP

#include "float_math.hpp"

namespace onnx2mcu {

/// 2^(i/32), its bits minus i << 47.
inline constexpr std::uint64_t libm_exp2_table[32] = {
    0x3ff0000000000000, 0x3fefd9b0d3158574, 0x3fefb5586cf9890f, 0x3fef9301d0125b51, 0x3fef72b83c7d517b,
    0x3fef54873168b9aa, 0x3fef387a6e756238, 0x3fef1e9df51fdee1, 0x3fef06fe0a31b715, 0x3feef1a7373aa9cb,
    0x3feedea64c123422, 0x3feece086061892d, 0x3feebfdad5362a27, 0x3feeb42b569d4f82, 0x3feeab07dd485429,
    0x3feea47eb03a5585, 0x3feea09e667f3bcd, 0x3fee9f75e8ec5f74, 0x3feea11473eb0187, 0x3feea589994cce13,
    0x3feeace5422aa0db, 0x3feeb737b0cdc5e5, 0x3feec49182a3f090, 0x3feed503b23e255d, 0x3feee89f995ad3ad,
    0x3feeff76f2fb5e47, 0x3fef199bdd85529c, 0x3fef3720dcef9069, 0x3fef5818dcfba487, 0x3fef7c97337b9b5f,
    0x3fefa4afa2a490da, 0x3fefd0765b6e4540};

/// 1 / c for a c near the middle of each sixteenth of [0.7, 1.4).
inline constexpr double libm_reciprocal[16] = {0x1.661ec79f8f3bep+0, 0x1.571ed4aaf883dp+0,
                                               0x1.49539f0f010bp+0,  0x1.3c995b0b80385p+0,
                                               0x1.30d190c8864a5p+0, 0x1.25e227b0b8eap+0,
                                               0x1.1bb4a4a1a343fp+0, 0x1.12358f08ae5bap+0,
                                               0x1.0953f419900a7p+0, 0x1p+0,
                                               0x1.e608cfd9a47acp-1, 0x1.ca4b31f026aap-1,
                                               0x1.b2036576afce6p-1, 0x1.9c2d163a1aa2dp-1,
                                               0x1.886e6037841edp-1, 0x1.767dcf5534862p-1};

/// expf. glibc's version for cores with FMA differs from the one without for 2 of all floats.
inline float libm_exp(float x) noexcept {
  constexpr double c3 = 0x1.c6af84b912394p-5 / 32768, c2 = 0x1.ebfce50fac4f3p-3 / 1024,
                   c1 = 0x1.62e42ff0c52d6p-1 / 32;
  if (x != x) return x;
  if (x > 0x1.62e42ep6F) return __builtin_inff();
  if (x < -0x1.9fe368p6F) return 0.0F;
  const double z = 0x1.71547652b82fep+5 * static_cast<double>(x);  // 32 / ln 2
  const double shifted = z + 0x1.8p52;
  const std::uint64_t k = double_bits(shifted);
  const double r = z - (shifted - 0x1.8p52);
  const double scale = double_from_bits(libm_exp2_table[k % 32] + (k << 47));
  return static_cast<float>(((c3 * r + c2) * (r * r) + (c1 * r + 1.0)) * scale);
}

/// logf. The same for every float with and without FMA.
inline float libm_log(float x) noexcept {
  constexpr double logarithm[16] = {-0x1.57bf7808caadep-2, -0x1.2bef0a7c06ddbp-2,
                                    -0x1.01eae7f513a67p-2, -0x1.b31d8a68224e9p-3,
                                    -0x1.6574f0ac07758p-3, -0x1.1aa2bc79c81p-3,
                                    -0x1.a4e76ce8c0e5ep-4, -0x1.1973c5a611cccp-4,
                                    -0x1.252f438e10c1ep-5, 0.0,
                                    0x1.aa5aa5df25984p-5,  0x1.c5e53aa362eb4p-4,
                                    0x1.526e57720db08p-3,  0x1.bc2860d22477p-3,
                                    0x1.1058bc8a07ee1p-2,  0x1.4043057b6ee09p-2};
  if (x == 0.0F) return -__builtin_inff();
  if (!(x > 0.0F)) return __builtin_nanf("");
  if (x == __builtin_inff()) return x;
  const bool subnormal = x < 0x1p-126F;
  const std::uint32_t bits = float_bits(subnormal ? x * 0x1p23F : x) - (subnormal ? 23U << 23 : 0U);
  const std::uint32_t above = bits - 0x3F330000U;
  const auto i = (above >> 19) % 16;
  const double k = static_cast<double>(static_cast<std::int32_t>(above) >> 23);
  const double z = static_cast<double>(float_from_bits(bits - (above & 0xFF800000U)));
  const double r = z * libm_reciprocal[i] - 1.0;
  const double r2 = r * r;
  const double y = -0x1.00ea348b88334p-2 * r2 + (0x1.5575b0be00b6ap-2 * r + -0x1.ffffef20a4123p-2);
  return static_cast<float>(y * r2 + ((logarithm[i] + k * 0x1.62e42fefa39efp-1) + r));
}

/// log1pf for x >= 0. (From glibc 2.41 on, log1pf is another function, correctly rounded.)
inline float libm_log1p(float x) noexcept {
  if (!(x < __builtin_inff())) return x;
  if (x < 0x1p-29F) return x;
  int k = 0;
  float f = x, correction = 0.0F;
  std::uint32_t upper = 1;
  if (x >= 0x1.a827aep-2F) {  // sqrt(2) - 1
    const float u = x < 0x1p53F ? 1.0F + x : x;
    upper = float_bits(u);
    k = static_cast<int>(upper >> 23) - 127;
    correction = x >= 0x1p53F ? 0.0F : k > 0 ? 1.0F - (u - x) : x - (u - 1.0F);
    correction /= u;
    upper &= 0x007FFFFFU;
    const bool low = upper < 0x3504F7U;  // u < sqrt(2)
    f = float_from_bits(upper | (low ? 0x3F800000U : 0x3F000000U)) - 1.0F;
    if (!low) {
      ++k;
      upper = (0x00800000U - upper) >> 2;
    }
  }
  const float kf = static_cast<float>(k);
  const float half_square = product(product(0.5F, f), f);
  const float k_low = product(kf, 9.0580006145e-06F), k_high = product(kf, 6.9313812256e-01F);
  if (upper == 0) {  // |f| < 2^-20
    if (f == 0.0F) return k == 0 ? 0.0F : k_high + (correction + k_low);
    const float r = product(half_square, 1.0F - product(0.66666666666666666F, f));
    return k == 0 ? f - r : k_high - ((r - (k_low + correction)) - f);
  }
  const float s = f / (2.0F + f);
  const float z = s * s;
  constexpr float c[] = {1.4798198640e-01F, 1.5313838422e-01F, 1.8183572590e-01F, 2.2222198546e-01F,
                         2.8571429849e-01F, 4.0000000596e-01F, 6.6666668653e-01F};
  float r = c[0];
  for (int i = 1; i < 7; ++i) r = c[i] + product(z, r);
  const float tail = product(s, half_square + product(z, r));
  return k == 0 ? f - (half_square - tail) : k_high - ((half_square - (tail + (k_low + correction))) - f);
}

/// exp of a double, |x| < 700.
inline double exp_f64(double x) noexcept {
  const double k = (x * 0x1.71547652b82fep0 + 0x1.8p52) - 0x1.8p52;
  const double r = (x - k * 0x1.62e42feep-1) - k * 0x1.a39ef35793c76p-33;
  double p = 1.0 / 6227020800.0;  // 1/13!
  double factorial = 6227020800.0;
  for (int i = 13; i > 2; --i) {
    factorial /= i;
    p = p * r + 1.0 / factorial;
  }
  const double y = 1.0 + (r + p * r * r);
  return y * double_from_bits(static_cast<std::uint64_t>(static_cast<std::int64_t>(k) + 1023) << 52);
}

}  // namespace onnx2mcu

#endif
