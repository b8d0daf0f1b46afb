// Single values recorded from ONNX Runtime (requantize_golden.inc), shared by the requantization tests.
#pragma once

#include <cstdint>

namespace golden {

struct ConvGolden {
  std::uint32_t scale_bits;
  std::int32_t acc;
  std::int32_t zero_point;
  int is_uint8;
  std::int32_t y;
};

struct PairGolden {
  std::uint32_t a_scale_bits;
  std::int32_t a_zero_point;
  std::uint32_t b_scale_bits;
  std::int32_t b_zero_point;
  std::uint32_t c_scale_bits;
  std::int32_t c_zero_point;
  int is_uint8;
  std::int32_t a;
  std::int32_t b;
  std::int32_t y;
};

#include "requantize_golden.inc"

constexpr std::int32_t qmin(int is_uint8) { return is_uint8 ? 0 : -128; }
constexpr std::int32_t qmax(int is_uint8) { return is_uint8 ? 255 : 127; }

}  // namespace golden
