// Element-wise operators with one operand. Layer::Op is one of the function types below; those with
// attributes read them from the layer. ONNX Runtime's bits.
#ifndef ONNX2MCU_UNARY_HPP
#define ONNX2MCU_UNARY_HPP

#include <type_traits>

#include "float_packet_math.hpp"

namespace onnx2mcu {

/// y[i] = Op(x[i]); y may be x.
template <class L, class X, class Y>
ONNX2MCU_INLINE void unary(const X* x, Y* y) noexcept {
  for (int i = 0; i < L::size; ++i) y[i] = static_cast<Y>(L::Op::template apply<L>(x[i]));
}

/// Clip: the upper bound wins over the lower one, NaN stays NaN. y may be x.
template <class L, class T>
ONNX2MCU_INLINE void clip(const T* x, const T* lower, const T* upper, T* y) noexcept {
  const T lo = *lower, hi = *upper;
  for (int i = 0; i < L::size; ++i) {
    const T v = x[i] < lo ? lo : x[i];
    y[i] = v > hi ? hi : v;
  }
}

// Elements of a whole tensor, in ONNX's order: the last size % 4 are computed otherwise
// (float_packet_math.hpp).
template <class L>
ONNX2MCU_INLINE void elu(const float* x, float* y) noexcept {
  elu_f32(x, y, L::size, L::alpha);
}
template <class L>
ONNX2MCU_INLINE void selu(const float* x, float* y) noexcept {
  selu_f32(x, y, L::size, L::alpha, L::gamma);
}
template <class L>
ONNX2MCU_INLINE void softplus(const float* x, float* y) noexcept {
  softplus_f32(x, y, L::size);
}
template <class L>
ONNX2MCU_INLINE void log(const float* x, float* y) noexcept {
  log_f32(x, y, L::size);
}

/// Round half to even in the default rounding mode, without libm.
ONNX2MCU_INLINE float round_half_even_f32(float x) noexcept {
  const float magnitude = __builtin_fabsf(x);
  if (!(magnitude < 0x1p23F)) return x;  // from 2^23 on every float is an integer
  float shifted = magnitude + 0x1p23F;
  ONNX2MCU_ROUNDED(shifted);
  return __builtin_copysignf(shifted - 0x1p23F, x);
}

/// The root on a core without the instruction: a digit a round, correctly rounded.
inline float sqrt_software(float x) noexcept {
  const std::uint32_t bits = float_bits(x);
  if (bits == 0 || bits == 0x80000000U || bits == 0x7F800000U) return x;
  if (!(x > 0.0F)) return __builtin_nanf("");
  int exponent = static_cast<int>(bits >> 23);
  std::uint32_t significand = bits & 0x007FFFFFU;
  if (exponent != 0)
    significand |= 0x00800000U;
  else
    for (exponent = 1; (significand & 0x00800000U) == 0; --exponent) significand <<= 1;
  exponent -= 127;
  const bool odd = exponent % 2 != 0;
  std::uint64_t rest = static_cast<std::uint64_t>(significand) << (odd ? 26 : 25), root = 0;
  for (std::uint64_t digit = std::uint64_t{1} << 48; digit != 0; digit >>= 2) {
    const bool one = rest >= root + digit;
    if (one) rest -= root + digit;
    root = (root >> 1) + (one ? digit : 0);
  }
  // The root has 25 bits; the last one rounds. A tie cannot happen: its square would need 49 bits.
  const int half = (exponent - (odd ? 1 : 0)) / 2;
  return float_from_bits((static_cast<std::uint32_t>(half + 126) << 23) +
                         static_cast<std::uint32_t>((root + 1) >> 1));
}

/// The root, correctly rounded, without libm.
inline float sqrt_f32(float x) noexcept {
#if defined(__arm__) && defined(__ARM_FP)
  float y = 0.0F;
  __asm__("vsqrt.f32 %0, %1" : "=t"(y) : "t"(x));
  return y;
#elif defined(__arm__)
  return sqrt_software(x);
#else
  return __builtin_sqrtf(x);
#endif
}

namespace ops {

struct Abs {
  template <class L, class T>
  static T apply(T x) noexcept {
    if constexpr (std::is_same_v<T, float>)
      return __builtin_fabsf(x);
    else if constexpr (std::is_integral_v<T>)
      return x < 0 ? static_cast<T>(std::uint64_t{0} - static_cast<std::uint64_t>(x)) : x;
    else
      return x < 0 ? -x : x;
  }
};

struct Neg {
  template <class L, class T>
  static T apply(T x) noexcept {
    if constexpr (std::is_integral_v<T>)
      return static_cast<T>(std::uint64_t{0} - static_cast<std::uint64_t>(x));
    else
      return -x;
  }
};

struct Sign {
  template <class L, class T>
  static T apply(T x) noexcept {
    return x != x ? x : static_cast<T>((x > T{0}) - (x < T{0}));  // NaN stays NaN
  }
};

struct Not {
  template <class L>
  static bool apply(bool x) noexcept {
    return !x;
  }
};

struct BitwiseNot {
  template <class L, class T>
  static T apply(T x) noexcept {
    return static_cast<T>(~x);
  }
};

struct Relu {
  template <class L, class T>
  static T apply(T x) noexcept {
    return x < T{0} ? T{0} : x;
  }
};

struct Round {
  template <class L>
  static float apply(float x) noexcept {
    return round_half_even_f32(x);
  }
};

struct Floor {
  template <class L>
  static float apply(float x) noexcept {
    const float nearest = round_half_even_f32(x);
    return nearest > x ? nearest - 1.0F : nearest;
  }
};

struct Ceil {
  template <class L>
  static float apply(float x) noexcept {
    const float nearest = round_half_even_f32(x);
    return nearest < x ? __builtin_copysignf(nearest + 1.0F, x) : nearest;
  }
};

struct Reciprocal {
  template <class L>
  static float apply(float x) noexcept {
    return 1.0F / x;
  }
};

struct Sqrt {
  template <class L>
  static float apply(float x) noexcept {
    return sqrt_f32(x);
  }
};

struct Exp {
  template <class L>
  static float apply(float x) noexcept {
    return exp_f32(x);
  }
};

struct Erf {
  template <class L>
  static float apply(float x) noexcept {
    return erf_f32(x);
  }
};

struct Sigmoid {
  template <class L>
  static float apply(float x) noexcept {
    return sigmoid_f32(x);
  }
};

struct Tanh {
  template <class L>
  static float apply(float x) noexcept {
    return tanh_f32(x);
  }
};

struct Gelu {
  template <class L>
  static float apply(float x) noexcept {
    return gelu_f32(x);
  }
};

struct GeluTanh {
  template <class L>
  static float apply(float x) noexcept {
    return gelu_tanh_f32(x);
  }
};

struct Softsign {
  template <class L>
  static float apply(float x) noexcept {
    return (1.0F / (1.0F + __builtin_fabsf(x))) * x;
  }
};

struct LeakyRelu {
  template <class L>
  static float apply(float x) noexcept {
    return leaky_relu_f32(x, L::alpha);
  }
};

struct ThresholdedRelu {
  template <class L>
  static float apply(float x) noexcept {
    return x > L::alpha ? x : 0.0F;
  }
};

struct HardSigmoid {
  template <class L>
  static float apply(float x) noexcept {
    return hard_sigmoid_f32(x, L::alpha, L::beta);
  }
};

struct HardSwish {
  template <class L>
  static float apply(float x) noexcept {
    return hard_swish_f32(x);
  }
};

struct Shrink {
  template <class L>
  static float apply(float x) noexcept {
    return x < -L::lambd ? x + L::bias : x > L::lambd ? x - L::bias : 0.0F;
  }
};

struct IsNaN {
  template <class L, class T>
  static bool apply(T x) noexcept {
    return x != x;
  }
};

struct IsInf {
  template <class L>
  static bool apply(float x) noexcept {
    return (L::positive && x == __builtin_inff()) || (L::negative && x == -__builtin_inff());
  }
};

}  // namespace ops

}  // namespace onnx2mcu

#endif
