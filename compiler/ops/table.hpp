// Unary functions of 8-bit tensors as 256-entry tables: dequantize, apply a float function, quantize, for
// every value, as ONNX Runtime builds them (qlinear_lookup_table.cc).
#pragma once

#include <array>
#include <functional>

#include "ops/lower.hpp"

namespace o2m {

struct Quantization {
  float scale;
  std::int32_t zero_point;
};

/// The bytes of y by the byte of x; both are `type`, int8 or uint8.
using ByteTable = std::array<std::uint8_t, 256>;
ByteTable make_table(DType type, Quantization x, Quantization y, const std::function<float(float)>& f);

/// The value that stands at byte `i` in a tensor of 8-bit `type`.
std::int32_t value_of_byte(DType type, std::size_t i);

/// Calls the lookup kernel: output 0 = table[input i].
void lower_lookup(LowerContext& c, std::size_t i, const ByteTable& table);

/// Constant inputs `scale` and `scale + 1` of the node; an omitted zero point is 0.
Quantization read_quantization(const LowerContext& c, std::size_t scale, const char* scale_name,
                               const char* zero_point_name);

}  // namespace o2m
