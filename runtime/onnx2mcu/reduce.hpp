// Reductions over any axes: sum, mean, product, maximum, minimum, norms, logarithms of sums; ArgMax and
// ArgMin. Float sums have ONNX Runtime's order (float_reduce.hpp); the others have none, or that of the
// elements.
#ifndef ONNX2MCU_REDUCE_HPP
#define ONNX2MCU_REDUCE_HPP

#include <limits>
#include <type_traits>

#include "float_functions.hpp"
#include "float_libm.hpp"
#include "float_reduce.hpp"

namespace onnx2mcu {

namespace reductions {

/// What a reduction starts from, how an element enters it (term, join), and what becomes of it for `count`
/// elements.
struct Sum {
  template <class T>
  static constexpr T start = T{0};
  template <class T>
  static T term(T x) noexcept {
    return x;
  }
  template <class T>
  static T join(T a, T b) noexcept {
    if constexpr (std::is_integral_v<T>)
      return static_cast<T>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
    else
      return a + b;
  }
  template <class T>
  static T finish(T total, int) noexcept {
    return total;
  }
};

struct Mean : Sum {
  template <class T>
  static T finish(T total, int count) noexcept {
    return static_cast<T>(total / static_cast<T>(count));
  }
};

struct L1 : Sum {
  template <class T>
  static T term(T x) noexcept {
    return x < T{0} ? static_cast<T>(-x) : x;
  }
};

struct SumSquare : Sum {
  template <class T>
  static T term(T x) noexcept {
    if constexpr (std::is_same_v<T, float>)
      return product(x, x);
    else
      return static_cast<T>(static_cast<std::uint64_t>(x) * static_cast<std::uint64_t>(x));
  }
};

struct L2 : SumSquare {
  static float finish(float total, int) noexcept { return sqrt_f32(total); }
};

struct LogSum : Sum {
  static float finish(float total, int) noexcept { return libm_log(total); }
};

struct Prod : Sum {
  template <class T>
  static constexpr T start = T{1};
  template <class T>
  static T join(T a, T b) noexcept {
    if constexpr (std::is_integral_v<T>)
      return static_cast<T>(static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b));
    else
      return a * b;
  }
};

struct Max : Sum {
  template <class T>
  static constexpr T start = std::is_floating_point_v<T> ? -std::numeric_limits<T>::infinity()
                                                         : std::numeric_limits<T>::lowest();
  template <class T>
  static T join(T a, T b) noexcept {
    return b > a ? b : a;
  }
};

struct Min : Sum {
  template <class T>
  static constexpr T start = std::is_floating_point_v<T> ? std::numeric_limits<T>::infinity()
                                                         : std::numeric_limits<T>::max();
  template <class T>
  static T join(T a, T b) noexcept {
    return b < a ? b : a;
  }
};

}  // namespace reductions

/// Calls f(first element of the set) for every output in order: loops L::kept, L::kept_step elements apart.
template <class L, int D = 0, class T, class F>
ONNX2MCU_INLINE void for_each_kept(const T* x, F f) noexcept {
  for (int i = 0; i < L::kept[D]; ++i, x += L::kept_step[D]) {
    if constexpr (D + 1 < static_cast<int>(array_size(L::kept)))
      for_each_kept<L, D + 1>(x, f);
    else
      f(x);
  }
}

/// Calls f(element) for every element of the set that begins at x.
template <class L, int D = 0, class T, class F>
ONNX2MCU_INLINE void for_each_reduced(const T* x, F f) noexcept {
  for (int i = 0; i < L::reduced[D]; ++i, x += L::reduced_step[D]) {
    if constexpr (D + 1 < static_cast<int>(array_size(L::reduced)))
      for_each_reduced<L, D + 1>(x, f);
    else
      f(*x);
  }
}

/// One after the other.
template <class L, class T>
ONNX2MCU_INLINE T reduce_in_order(const T* x) noexcept {
  T total = L::Op::template start<T>;
  for_each_reduced<L>(x, [&total](T v) { total = L::Op::join(total, L::Op::term(v)); });
  return total;
}

/// All of n elements as Eigen's packets of four do it, from an aligned address on: two accumulators of four
/// lanes.
template <class Op>
inline float reduce_packets(const float* x, int n) noexcept {
  const int packets = n / 4, paired = packets / 2 * 2;
  float total = Op::term(x[0]);
  if (packets > 0) {
    float lane[4] = {};
    for (int j = 0; j < 4; ++j) {
      lane[j] = Op::term(x[j]);
      if (packets == 1) continue;
      float second = Op::term(x[4 + j]);
      for (int p = 2; p < paired; p += 2) {
        lane[j] = Op::join(lane[j], Op::term(x[4 * p + j]));
        second = Op::join(second, Op::term(x[4 * p + 4 + j]));
      }
      lane[j] = Op::join(lane[j], second);
      if (packets > paired) lane[j] = Op::join(lane[j], Op::term(x[4 * paired + j]));
    }
    total = Op::join(Op::join(lane[0], lane[2]), Op::join(lane[1], lane[3]));
  }
  for (int i = packets > 0 ? 4 * packets : 1; i < n; ++i) total = Op::join(total, Op::term(x[i]));
  return total;
}

/// x: whole tensor, y: one element per set of L::count elements. L::Op is one of `reductions`.
template <class L, class T>
ONNX2MCU_INLINE void reduce(const T* x, T* y) noexcept {
  for_each_kept<L>(x, [&y](const T* set) { *y++ = L::Op::finish(reduce_in_order<L>(set), L::count); });
}

/// All elements of x.
template <class L>
ONNX2MCU_INLINE void reduce_all(const float* x, float* y) noexcept {
  *y = L::Op::finish(reduce_packets<typename L::Op>(x, L::count), L::count);
}

/// Sum or Mean in the order L::order.
template <class L>
ONNX2MCU_INLINE void reduce_sum(const float* x, float* y) noexcept {
  for_each_kept<L>(x, [x, &y](const float* set) {
    const int position = static_cast<int>(set - x);
    float sum = 0.0F;
    if constexpr (L::order == ReduceOrder::packets) {
      sum = sum_packets(set, L::count, 1, position);
    } else if constexpr (L::order == ReduceOrder::fours) {
      sum = sum_fours(set, L::count, L::reduced_step[0]);
    } else {
      for (int i = 0; i < L::reduced[0]; ++i)
        sum += sum_packets(set + i * L::reduced_step[0], L::reduced[1], 1, position + i * L::reduced_step[0]);
    }
    *y++ = L::Op::finish(sum, L::count);
  });
}

/// log(sum(exp(x))) with the largest finite element taken out; ONNX Runtime starts from the first one if that
/// is finite.
template <class L>
ONNX2MCU_INLINE void reduce_log_sum_exp(const float* x, float* y) noexcept {
  for_each_kept<L>(x, [&y](const float* set) {
    float largest = __builtin_isinf(*set) ? 0.0F : *set;
    for_each_reduced<L>(set, [&largest](float v) {
      if (!__builtin_isinf(v) && !(v != v) && !(v < largest)) largest = v;
    });
    float sum = 0.0F;
    for_each_reduced<L>(set, [&sum, largest](float v) { sum += libm_exp(v - largest); });
    *y++ = libm_log(sum) + largest;
  });
}

/// ArgMax, ArgMin: the position among L::n elements, L::stride apart; the first of equals, or the last
/// (L::last).
template <class L, class T>
ONNX2MCU_INLINE void arg_reduce(const T* x, std::int64_t* y) noexcept {
  for (int o = 0; o < L::outer; ++o, x += L::n * L::stride)
    for (int i = 0; i < L::stride; ++i) {
      int best = 0;
      for (int j = 1; j < L::n; ++j) {
        const T v = x[j * L::stride + i], w = x[best * L::stride + i];
        if ((L::maximum ? v > w : v < w) || (L::last && v == w)) best = j;
      }
      *y++ = best;
    }
}

}  // namespace onnx2mcu

#endif
