#include "ops/eval_elementwise.hpp"

#include <algorithm>
#include <functional>

namespace o2m {
namespace {

void check_same_type(const Tensor& a, const Tensor& b) {
  if (a.type != b.type)
    refuse("the inputs are {} and {}, expected one type", to_string(a.type), to_string(b.type));
}

/// Arithmetic whose result has the type of its operands. Integers are computed unsigned, so that they wrap.
template <class F>
Tensor arithmetic(const Tensor& a, const Tensor& b, F f) {
  check_same_type(a, b);
  return visit_type(a.type, [&](auto zero) {
    using T = decltype(zero);
    return eval_broadcast<T, T>(a.type, a, b, [&](T x, T y) {
      if constexpr (std::is_integral_v<T>) {
        return static_cast<T>(f(static_cast<std::uint64_t>(x), static_cast<std::uint64_t>(y)));
      } else {
        return static_cast<T>(f(x, y));
      }
    });
  });
}

/// The same on the operands as they are; f is called with two values of one type.
template <class F>
Tensor same_type(const Tensor& a, const Tensor& b, F f) {
  check_same_type(a, b);
  return visit_type(a.type, [&](auto zero) {
    using T = decltype(zero);
    return eval_broadcast<T, T>(a.type, a, b, [&](T x, T y) { return static_cast<T>(f(x, y)); });
  });
}

template <class F>
Tensor comparison(const Tensor& a, const Tensor& b, F f) {
  check_same_type(a, b);
  return visit_type(a.type, [&](auto zero) {
    using T = decltype(zero);
    return eval_broadcast<T, std::uint8_t>(DType::boolean, a, b,
                                           [&](T x, T y) { return std::uint8_t{f(x, y)}; });
  });
}

template <class F>
Tensor logic(const Tensor& a, const Tensor& b, F f) {
  if (a.type != DType::boolean || b.type != DType::boolean)
    refuse("the inputs are {} and {}, expected bool", to_string(a.type), to_string(b.type));
  return eval_broadcast<std::uint8_t, std::uint8_t>(
      DType::boolean, a, b, [&](std::uint8_t x, std::uint8_t y) { return std::uint8_t{f(x != 0, y != 0)}; });
}

template <class F>
Tensor fold_inputs(EvalInputs in, F f) {
  Tensor y = *in[0];
  for (std::size_t i = 1; i < in.size(); ++i) y = f(y, *in[i]);
  return y;
}

template <class T>
T quotient(T a, T b) {
  if constexpr (std::is_integral_v<T>) {
    if (b == 0) refuse("division by zero");
    if constexpr (std::is_signed_v<T>)
      if (b == -1) return static_cast<T>(-static_cast<std::make_unsigned_t<T>>(a));
  }
  return static_cast<T>(a / b);
}

/// fmod: the result has the sign of a, otherwise that of b (Python). ONNX Runtime computes fmod of integers
/// in double.
template <class T>
T remainder(T a, T b, bool fmod) {
  if constexpr (std::is_floating_point_v<T>) {
    const T r = std::fmod(a, b);
    return fmod || r == 0 || (r < 0) == (b < 0) ? r : r + b;
  } else {
    if (b == 0) refuse("division by zero");
    if (fmod) return static_cast<T>(std::fmod(static_cast<double>(a), static_cast<double>(b)));
    if constexpr (std::is_signed_v<T>)
      if (b == -1) return 0;
    const T r = static_cast<T>(a % b);
    return r == 0 || (r < 0) == (b < 0) ? r : static_cast<T>(r + b);
  }
}

template <class T>
T smaller(T a, T b) {
  if (a != a || b != b) return a != a ? a : b;
  return b < a ? b : a;
}

template <class T>
T larger(T a, T b) {
  if (a != a || b != b) return a != a ? a : b;
  return a < b ? b : a;
}

}  // namespace

std::vector<std::int64_t> broadcast_strides(const Shape& from, const Shape& to) {
  std::vector<std::int64_t> strides(to.size(), 0);
  std::int64_t stride = 1;
  for (std::size_t d = from.size(); d-- > 0;) {
    if (from[d] != 1) strides[d + to.size() - from.size()] = stride;
    stride *= from[d];
  }
  return strides;
}

std::vector<Tensor> eval_add(const Graph&, const Node&, EvalInputs in) {
  return {arithmetic(*in[0], *in[1], std::plus<>())};
}
std::vector<Tensor> eval_sub(const Graph&, const Node&, EvalInputs in) {
  return {arithmetic(*in[0], *in[1], std::minus<>())};
}
std::vector<Tensor> eval_mul(const Graph&, const Node&, EvalInputs in) {
  return {arithmetic(*in[0], *in[1], std::multiplies<>())};
}
std::vector<Tensor> eval_div(const Graph&, const Node&, EvalInputs in) {
  return {same_type(*in[0], *in[1], [](auto a, auto b) { return quotient(a, b); })};
}
std::vector<Tensor> eval_mod(const Graph&, const Node& node, EvalInputs in) {
  const bool fmod = node.attr("fmod", 0) != 0;
  return {same_type(*in[0], *in[1], [fmod](auto a, auto b) { return remainder(a, b, fmod); })};
}

std::vector<Tensor> eval_min(const Graph&, const Node&, EvalInputs in) {
  return {fold_inputs(in, [](const Tensor& a, const Tensor& b) {
    return same_type(a, b, [](auto x, auto y) { return smaller(x, y); });
  })};
}
std::vector<Tensor> eval_max(const Graph&, const Node&, EvalInputs in) {
  return {fold_inputs(in, [](const Tensor& a, const Tensor& b) {
    return same_type(a, b, [](auto x, auto y) { return larger(x, y); });
  })};
}
std::vector<Tensor> eval_sum(const Graph&, const Node&, EvalInputs in) {
  return {fold_inputs(in, [](const Tensor& a, const Tensor& b) { return arithmetic(a, b, std::plus<>()); })};
}

std::vector<Tensor> eval_equal(const Graph&, const Node&, EvalInputs in) {
  return {comparison(*in[0], *in[1], std::equal_to<>())};
}
std::vector<Tensor> eval_less(const Graph&, const Node&, EvalInputs in) {
  return {comparison(*in[0], *in[1], std::less<>())};
}
std::vector<Tensor> eval_less_or_equal(const Graph&, const Node&, EvalInputs in) {
  return {comparison(*in[0], *in[1], std::less_equal<>())};
}
std::vector<Tensor> eval_greater(const Graph&, const Node&, EvalInputs in) {
  return {comparison(*in[0], *in[1], std::greater<>())};
}
std::vector<Tensor> eval_greater_or_equal(const Graph&, const Node&, EvalInputs in) {
  return {comparison(*in[0], *in[1], std::greater_equal<>())};
}

std::vector<Tensor> eval_and(const Graph&, const Node&, EvalInputs in) {
  return {logic(*in[0], *in[1], std::logical_and<>())};
}
std::vector<Tensor> eval_or(const Graph&, const Node&, EvalInputs in) {
  return {logic(*in[0], *in[1], std::logical_or<>())};
}
std::vector<Tensor> eval_xor(const Graph&, const Node&, EvalInputs in) {
  return {logic(*in[0], *in[1], std::not_equal_to<>())};
}
std::vector<Tensor> eval_not(const Graph&, const Node&, EvalInputs in) {
  if (in[0]->type != DType::boolean) refuse("the input is {}, expected bool", to_string(in[0]->type));
  return {eval_each(*in[0], [](auto x) { return x == 0; })};
}

std::vector<Tensor> eval_neg(const Graph&, const Node&, EvalInputs in) {
  return {eval_each(*in[0], [](auto x) {
    if constexpr (std::is_integral_v<decltype(x)>)
      return -static_cast<std::uint64_t>(x);
    else
      return -x;
  })};
}
std::vector<Tensor> eval_abs(const Graph&, const Node&, EvalInputs in) {
  return {eval_each(*in[0], [](auto x) {
    if constexpr (std::is_floating_point_v<decltype(x)>)
      return std::fabs(x);
    else
      return x < 0 ? -static_cast<std::uint64_t>(x) : static_cast<std::uint64_t>(x);
  })};
}
std::vector<Tensor> eval_sign(const Graph&, const Node&, EvalInputs in) {
  return {eval_each(*in[0], [](auto x) {
    using T = decltype(x);
    return x == x ? static_cast<T>((x > 0) - (x < 0)) : x;  // a NaN stays
  })};
}

namespace {

/// Rounding leaves integers as they are.
template <class F>
Tensor rounded(const Tensor& x, F f) {
  return eval_each(x, [&](auto v) {
    if constexpr (std::is_floating_point_v<decltype(v)>)
      return f(v);
    else
      return v;
  });
}

}  // namespace

std::vector<Tensor> eval_floor(const Graph&, const Node&, EvalInputs in) {
  return {rounded(*in[0], [](auto x) { return std::floor(x); })};
}
std::vector<Tensor> eval_ceil(const Graph&, const Node&, EvalInputs in) {
  return {rounded(*in[0], [](auto x) { return std::ceil(x); })};
}
std::vector<Tensor> eval_round(const Graph&, const Node&, EvalInputs in) {
  return {rounded(*in[0], [](auto x) { return std::nearbyint(x); })};
}
std::vector<Tensor> eval_sqrt(const Graph&, const Node&, EvalInputs in) {
  return {rounded(*in[0], [](auto x) { return std::sqrt(x); })};
}

}  // namespace o2m
