// Element-wise operators with one operand. Layer::Op is one of the function types below; those with
// attributes read them from the layer. ONNX Runtime's bits.
#ifndef ONNX2MCU_UNARY_HPP
#define ONNX2MCU_UNARY_HPP

#include <type_traits>

#include "float_functions.hpp"
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

/// max(0, x) + min(0, alpha * (exp(x / alpha) - 1)).
template <class L>
ONNX2MCU_INLINE void celu(const float* x, float* y) noexcept {
  for (int i = 0; i < L::size; ++i) {
    const bool packet = i < L::size - L::size % 4;
    y[i] = x[i] > 0.0F ? x[i] : L::alpha * (packet_or_libm_exp(x[i] / L::alpha, packet) - 1.0F);
  }
}

/// x * tanh(Softplus(x)), as the specification's function has it.
template <class L>
ONNX2MCU_INLINE void mish(const float* x, float* y) noexcept {
  for (int i = 0; i < L::size; ++i) y[i] = x[i] * tanh_f32(softplus_f32(x[i], i < L::size - L::size % 4));
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

struct Relu {  ///< keeps -0 and NaN
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

/// x * Sigmoid(alpha * x)
struct Swish {
  template <class L>
  static float apply(float x) noexcept {
    return x * sigmoid_f32(L::alpha * x);
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
