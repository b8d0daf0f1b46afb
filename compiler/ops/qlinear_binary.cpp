#include "ops/qlinear_binary.hpp"

#include <algorithm>

#include "ops/table.hpp"

namespace o2m {
namespace {

QuantizedInput quantization_at(const LowerContext& c, std::size_t scale, const char* scale_name,
                               const char* zero_point_name) {
  const Quantization q = read_quantization(c, scale, scale_name, zero_point_name);
  return {q.scale, q.zero_point};
}

InputRange range_of(const LowerContext& c, std::size_t i) {
  const DType type = c.in(i).type;
  const Tensor* t = c.constant(i);
  if (!t || t->count() == 0)
    return {static_cast<std::int32_t>(min_of(type)), static_cast<std::int32_t>(max_of(type))};
  const auto values = t->integers();
  const auto [lo, hi] = std::minmax_element(values.begin(), values.end());
  return {static_cast<std::int32_t>(*lo), static_cast<std::int32_t>(*hi)};
}

}  // namespace

void infer_qlinear_binary(InferContext& c) {
  if (!is_8bit(c.type(0))) refuse("A is {}, only int8 and uint8 are supported", to_string(c.type(0)));
  for (const std::size_t i : {2, 3, 5, 7})
    if (c.has(i) && c.type(i) != c.type(0))
      refuse("input {} is {}, expected {} as A", i, to_string(c.type(i)), to_string(c.type(0)));
  c.set(0, c.type(0), broadcast(c.shape(0), c.shape(3)));
}

bool lower_with_scalar(LowerContext& c, const std::function<std::int32_t(std::int32_t, std::int32_t)>& f) {
  for (const auto& [x, scalar] : {std::pair<std::size_t, std::size_t>{0, 3}, {3, 0}}) {
    const Tensor* t = c.constant(scalar);
    if (!t || t->count() != 1 || c.constant(x)) continue;
    const auto b = static_cast<std::int32_t>(t->integer(0));
    ByteTable table{};
    for (std::size_t i = 0; i < table.size(); ++i) {
      const std::int32_t a = value_of_byte(c.in(x).type, i);
      table[i] = static_cast<std::uint8_t>(x == 0 ? f(a, b) : f(b, a));
    }
    lower_lookup(c, x, table);
    return true;
  }
  return false;
}

QuantizedBinary read_qlinear_binary(const LowerContext& c) {
  const DType type = c.in(0).type;
  return {{quantization_at(c, 1, "A_scale", "A_zero_point"), range_of(c, 0)},
          {quantization_at(c, 4, "B_scale", "B_zero_point"), range_of(c, 3)},
          quantization_at(c, 6, "C_scale", "C_zero_point"),
          static_cast<std::int32_t>(min_of(type)),
          static_cast<std::int32_t>(max_of(type))};
}

}  // namespace o2m
