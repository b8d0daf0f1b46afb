// Element-wise operators with two operands and NumPy broadcasting: arithmetic, comparison, logic. Layer::Op
// is one of the function types below. Integers wrap around; a division by zero, which ONNX leaves open, gives
// 0.
#ifndef ONNX2MCU_BINARY_HPP
#define ONNX2MCU_BINARY_HPP

#include <type_traits>

#include "broadcast.hpp"

namespace onnx2mcu {

/// y = Op(a, b); the loops are those of broadcast.hpp. y may be an operand that has its shape.
template <class L, class A, class B, class Y>
ONNX2MCU_INLINE void binary(const A* a, const B* b, Y* y) noexcept {
  for_each_pair<L>(a, b, y, [](A u, B v) { return static_cast<Y>(L::Op::apply(u, v)); });
}

namespace ops {

/// The type in which integers of type T are computed: unsigned, so that overflow wraps, and not narrower than
/// int.
template <class T>
using Wrapping = std::conditional_t<sizeof(T) == 8, std::uint64_t, std::uint32_t>;

struct Add {
  template <class T>
  static T apply(T a, T b) noexcept {
    if constexpr (std::is_integral_v<T>)
      return static_cast<T>(static_cast<Wrapping<T>>(a) + static_cast<Wrapping<T>>(b));
    else
      return a + b;
  }
};

struct Sub {
  template <class T>
  static T apply(T a, T b) noexcept {
    if constexpr (std::is_integral_v<T>)
      return static_cast<T>(static_cast<Wrapping<T>>(a) - static_cast<Wrapping<T>>(b));
    else
      return a - b;
  }
};

struct Mul {
  template <class T>
  static T apply(T a, T b) noexcept {
    if constexpr (std::is_integral_v<T>)
      return static_cast<T>(static_cast<Wrapping<T>>(a) * static_cast<Wrapping<T>>(b));
    else
      return a * b;
  }
};

struct Div {
  template <class T>
  static T apply(T a, T b) noexcept {
    if constexpr (std::is_integral_v<T>) {
      if (b == 0) return 0;
      if (std::is_signed_v<T> && b == static_cast<T>(-1))
        return static_cast<T>(0U - static_cast<Wrapping<T>>(a));
      return static_cast<T>(a / b);
    } else {
      return a / b;
    }
  }
};

/// Mod with the sign of the divisor (Python), integers only.
struct Mod {
  template <class T>
  static T apply(T a, T b) noexcept {
    if (b == 0 || (std::is_signed_v<T> && b == static_cast<T>(-1))) return 0;
    const T r = static_cast<T>(a % b);
    return r != 0 && (r < 0) != (b < 0) ? static_cast<T>(r + b) : r;
  }
};

/// Mod with fmod = 1: the sign of the dividend.
struct Remainder {
  template <class T>
  static T apply(T a, T b) noexcept {
    if constexpr (std::is_same_v<T, float>)
      return __builtin_fmodf(a, b);
    else if constexpr (std::is_same_v<T, double>)
      return __builtin_fmod(a, b);
    else
      return b == 0 || (std::is_signed_v<T> && b == static_cast<T>(-1)) ? T{0} : static_cast<T>(a % b);
  }
};

/// The smaller one, or NaN if there is one.
struct Min {
  template <class T>
  static T apply(T a, T b) noexcept {
    return a < b || a != a ? a : b;
  }
};

struct Max {
  template <class T>
  static T apply(T a, T b) noexcept {
    return a > b || a != a ? a : b;
  }
};

struct PRelu {
  template <class T>
  static T apply(T x, T slope) noexcept {
    return x < T{0} ? Mul::apply(x, slope) : x;
  }
};

struct Equal {
  template <class T>
  static bool apply(T a, T b) noexcept {
    return a == b;
  }
};

struct Less {
  template <class T>
  static bool apply(T a, T b) noexcept {
    return a < b;
  }
};

struct LessOrEqual {
  template <class T>
  static bool apply(T a, T b) noexcept {
    return a <= b;
  }
};

struct Greater {
  template <class T>
  static bool apply(T a, T b) noexcept {
    return a > b;
  }
};

struct GreaterOrEqual {
  template <class T>
  static bool apply(T a, T b) noexcept {
    return a >= b;
  }
};

struct And {
  template <class T>
  static T apply(T a, T b) noexcept {
    return static_cast<T>(a & b);
  }
};

struct Or {
  template <class T>
  static T apply(T a, T b) noexcept {
    return static_cast<T>(a | b);
  }
};

struct Xor {
  template <class T>
  static T apply(T a, T b) noexcept {
    return static_cast<T>(a ^ b);
  }
};

/// BitShift; a shift by the width or more gives 0.
struct ShiftLeft {
  template <class T>
  static T apply(T a, T b) noexcept {
    return b >= 8 * sizeof(T) ? T{0} : static_cast<T>(static_cast<Wrapping<T>>(a) << b);
  }
};

struct ShiftRight {
  template <class T>
  static T apply(T a, T b) noexcept {
    return b >= 8 * sizeof(T) ? T{0} : static_cast<T>(a >> b);
  }
};

}  // namespace ops

}  // namespace onnx2mcu

#endif
