// Operators with two 8-bit inputs. QLinearAdd: ONNX Runtime's formula, and the search for an int32 form
// y = clamp((a * Ma + b * Mb + C) >> S) that equals it on every pair of inputs. QLinearMul needs no search of
// its own: it is a one-dimensional rule on the product of the two differences (find_affine on product_range).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>

#include "requantize/rule.hpp"

namespace o2m {

/// Inclusive range of an 8-bit input.
struct InputRange {
  std::int32_t lo = 0;
  std::int32_t hi = 255;
};

/// QLinearAdd as the AVX2 kernel computes it: y = saturate(RNE(fma(outer, outer_ratio, fma(inner,
/// inner_ratio, fixed)))) on the raw quantized values; the zero points are inside `fixed`. The outer operand
/// is a, the inner b, unless the two are exchanged (see qlinear_add_exchanges).
struct AddRule {
  float outer_ratio = 1.0f;
  float inner_ratio = 1.0f;
  float fixed = 0.0f;
  std::int32_t qmin = -128;
  std::int32_t qmax = 127;
};

struct QuantizedInput {
  float scale = 1.0f;
  std::int32_t zero_point = 0;
};

/// The constants of the kernel, in ONNX Runtime's order of operations.
AddRule add_rule(QuantizedInput outer, QuantizedInput inner, QuantizedInput output, std::int32_t qmin,
                 std::int32_t qmax);

/// ONNX Runtime swaps the operands of QLinearAdd when its broadcast sees the first one as a scalar: on the
/// innermost common axis where not both dimensions are 1 (else on the outermost common axis), the first
/// operand's is 1.
bool qlinear_add_exchanges(std::span<const std::int64_t> a_shape, std::span<const std::int64_t> b_shape);

std::int32_t reference(const AddRule& rule, std::int32_t outer, std::int32_t inner);

/// y = clamp((outer * outer_multiplier + inner * inner_multiplier + addend) >> shift, qmin, qmax), all in
/// int32.
struct AddForm {
  std::int32_t outer_multiplier = 0;
  std::int32_t inner_multiplier = 0;
  std::int32_t addend = 0;
  int shift = 0;
};

/// What the form must equal: a sum of `rule`'s ratios, rounded in one way or another.
using PairFunction = std::function<std::int32_t(std::int32_t outer, std::int32_t inner)>;

/// Searches the integers around the real ratios at the largest shift that int32 allows. Nothing found is no
/// proof that nothing exists; something found is proven on every pair.
std::optional<AddForm> find_add_affine(const AddRule& rule, const PairFunction& reference, InputRange outer,
                                       InputRange inner);
/// The same for QLinearAdd.
std::optional<AddForm> find_add_affine(const AddRule& rule, InputRange outer, InputRange inner);

/// Checks every pair of inputs, and that no step of the form overflows int32.
bool proves_equal(const AddForm& form, const AddRule& rule, const PairFunction& reference, InputRange outer,
                  InputRange inner);
bool proves_equal(const AddForm& form, const AddRule& rule, InputRange outer, InputRange inner);

/// The range of (a - a_zero_point) * (b - b_zero_point).
AccumulatorRange product_range(InputRange a, std::int32_t a_zero_point, InputRange b,
                               std::int32_t b_zero_point);

}  // namespace o2m
