// Element-wise operators on constants: shape arithmetic (Shape -> Gather -> Mul -> Concat -> Reshape) and
// folded weights. The functions have the signature of Op::eval. Integers wrap, floats follow IEEE 754;
// float16 is not computed here.
#pragma once

#include <cmath>
#include <limits>
#include <type_traits>

#include "ops/op.hpp"

namespace o2m {

/// Calls f with a value of the C++ type that holds one element: f(float{}), f(std::int8_t{}), …; bool is one
/// byte.
template <class F>
decltype(auto) visit_type(DType type, F&& f) {
  switch (type) {
    case DType::float32: return f(float{});
    case DType::float64: return f(double{});
    case DType::int8:
    case DType::int4: return f(std::int8_t{});
    case DType::uint8:
    case DType::uint4:
    case DType::boolean: return f(std::uint8_t{});
    case DType::int16: return f(std::int16_t{});
    case DType::uint16: return f(std::uint16_t{});
    case DType::int32: return f(std::int32_t{});
    case DType::uint32: return f(std::uint32_t{});
    case DType::int64: return f(std::int64_t{});
    case DType::uint64: return f(std::uint64_t{});
    default: refuse("constants of type {} cannot be computed", to_string(type));
  }
}

/// Distance in elements between neighbours of each dimension of `to` within a tensor of shape `from` that
/// broadcasts to it: 0 where it is repeated.
std::vector<std::int64_t> broadcast_strides(const Shape& from, const Shape& to);

/// y[i] = f(a[i], b[i]) with NumPy broadcasting; both inputs hold elements of type T, the result holds
/// elements of R.
template <class T, class R, class F>
Tensor eval_broadcast(DType result, const Tensor& a, const Tensor& b, F f) {
  Tensor y = make_tensor(result, broadcast(a.shape, b.shape));
  const auto a_stride = broadcast_strides(a.shape, y.shape), b_stride = broadcast_strides(b.shape, y.shape);
  const auto av = a.as<T>(), bv = b.as<T>();
  std::vector<std::int64_t> at(y.shape.size(), 0);
  std::int64_t ai = 0, bi = 0;
  for (R& out : y.as<R>()) {
    out = f(av[static_cast<std::size_t>(ai)], bv[static_cast<std::size_t>(bi)]);
    for (std::size_t d = at.size(); d-- > 0;) {
      ai += a_stride[d];
      bi += b_stride[d];
      if (++at[d] < y.shape[d]) break;
      ai -= a_stride[d] * y.shape[d];
      bi -= b_stride[d] * y.shape[d];
      at[d] = 0;
    }
  }
  return y;
}

/// y[i] = f(x[i]), element type kept; f is called with values of the element's C++ type.
template <class F>
Tensor eval_each(const Tensor& x, F f) {
  Tensor y = make_tensor(x.type, x.shape);
  visit_type(x.type, [&](auto zero) {
    using T = decltype(zero);
    const auto in = x.as<T>();
    const auto out = y.as<T>();
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<T>(f(in[i]));
  });
  return y;
}

using Eval = std::vector<Tensor>(const Graph&, const Node&, EvalInputs);

Eval eval_add, eval_sub, eval_mul;
Eval eval_div;                      ///< integers truncate; division by zero is refused
Eval eval_mod;                      ///< Mod 10-13 with and without fmod
Eval eval_min, eval_max, eval_sum;  ///< any number of inputs; a NaN makes the result NaN
Eval eval_equal, eval_less, eval_less_or_equal, eval_greater, eval_greater_or_equal;
Eval eval_and, eval_or, eval_xor, eval_not;
Eval eval_neg, eval_abs, eval_sign, eval_floor, eval_ceil, eval_round, eval_sqrt;

}  // namespace o2m
