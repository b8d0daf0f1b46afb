#include "ir/tensor.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <bit>
#include <limits>

namespace o2m {
namespace {

struct TypeInfo {
  DType type;
  std::string_view name, cpp;
  int bytes;
};

constexpr TypeInfo type_table[] = {
    {DType::float32, "float32", "float", 4},
    {DType::uint8, "uint8", "std::uint8_t", 1},
    {DType::int8, "int8", "std::int8_t", 1},
    {DType::uint16, "uint16", "std::uint16_t", 2},
    {DType::int16, "int16", "std::int16_t", 2},
    {DType::int32, "int32", "std::int32_t", 4},
    {DType::int64, "int64", "std::int64_t", 8},
    {DType::boolean, "bool", "bool", 1},
    {DType::float16, "float16", "onnx2mcu::Float16", 2},
    {DType::float64, "float64", "double", 8},
    {DType::uint32, "uint32", "std::uint32_t", 4},
    {DType::uint64, "uint64", "std::uint64_t", 8},
    {DType::uint4, "uint4", "std::uint8_t", 1},
    {DType::int4, "int4", "std::int8_t", 1},
    {DType::string, "string", "", 0},
    // Named in messages only.
    {DType{14}, "complex64", "", 0},
    {DType{15}, "complex128", "", 0},
    {DType{16}, "bfloat16", "", 0},
    {DType{17}, "float8e4m3fn", "", 0},
    {DType{18}, "float8e4m3fnuz", "", 0},
    {DType{19}, "float8e5m2", "", 0},
    {DType{20}, "float8e5m2fnuz", "", 0},
    {DType{23}, "float4e2m1", "", 0},
};

const TypeInfo* find(DType type) {
  for (const TypeInfo& info : type_table)
    if (info.type == type) return &info;
  return nullptr;
}

float half_to_float(std::uint16_t h) {
  const int exponent = (h >> 10) & 31;
  const int mantissa = h & 1023;
  const double sign = (h & 0x8000) ? -1 : 1;
  if (exponent == 31) {
    return mantissa ? std::numeric_limits<float>::quiet_NaN()
                    : static_cast<float>(sign) * std::numeric_limits<float>::infinity();
  }
  const double magnitude = exponent ? (1024 + mantissa) * __builtin_ldexp(1.0, exponent - 25)
                                    : mantissa * __builtin_ldexp(1.0, -24);
  return static_cast<float>(sign * magnitude);
}

}  // namespace

std::string to_string(DType type) {
  const TypeInfo* info = find(type);
  return info ? std::string(info->name) : fmt::format("number {}", static_cast<int>(type));
}

std::string_view cpp_name(DType type) {
  const TypeInfo* info = find(type);
  return info ? info->cpp : std::string_view{};
}

bool has_cpp_type(DType type) {
  return !cpp_name(type).empty() && type != DType::int4 && type != DType::uint4;
}

int size_of(DType type) {
  const TypeInfo* info = find(type);
  return info ? info->bytes : 0;
}

bool is_float(DType type) {
  return type == DType::float32 || type == DType::float16 || type == DType::float64;
}

bool is_integer(DType type) { return size_of(type) > 0 && !is_float(type) && type != DType::boolean; }

bool is_8bit(DType type) { return type == DType::uint8 || type == DType::int8; }

std::int64_t min_of(DType type) {
  switch (type) {
    case DType::int8: return -128;
    case DType::int16: return -32768;
    case DType::int32: return std::numeric_limits<std::int32_t>::min();
    case DType::int4: return -8;
    default: return 0;
  }
}

std::int64_t max_of(DType type) {
  switch (type) {
    case DType::int8: return 127;
    case DType::uint8: return 255;
    case DType::int16: return 32767;
    case DType::uint16: return 65535;
    case DType::int32: return std::numeric_limits<std::int32_t>::max();
    case DType::uint32: return std::numeric_limits<std::uint32_t>::max();
    case DType::int4: return 7;
    case DType::uint4: return 15;
    case DType::boolean: return 1;
    default: return 0;
  }
}

std::string to_string(const Shape& shape) { return fmt::format("[{}]", fmt::join(shape, ", ")); }

std::int64_t element_count(const Shape& shape) {
  constexpr std::int64_t largest_dim = std::int64_t{1} << 31, largest_count = std::int64_t{1} << 62;
  std::int64_t count = 1;
  bool empty = false;
  for (const std::int64_t dim : shape) {
    if (dim < 0 || dim > largest_dim) return -1;
    if (dim == 0)
      empty = true;
    else if (count > largest_count / dim)
      return -1;
    else
      count *= dim;
  }
  return empty ? 0 : count;
}

std::int64_t element_count(const Shape& shape, std::size_t from, std::size_t to) {
  return element_count(
      {shape.begin() + static_cast<std::ptrdiff_t>(from), shape.begin() + static_cast<std::ptrdiff_t>(to)});
}

std::int64_t Tensor::integer(std::int64_t i) const {
  const auto at = static_cast<std::size_t>(i);
  switch (type) {
    case DType::int8:
    case DType::int4: return as<std::int8_t>()[at];
    case DType::uint8:
    case DType::uint4:
    case DType::boolean: return as<std::uint8_t>()[at];
    case DType::int16: return as<std::int16_t>()[at];
    case DType::uint16: return as<std::uint16_t>()[at];
    case DType::int32: return as<std::int32_t>()[at];
    case DType::uint32: return as<std::uint32_t>()[at];
    case DType::int64: return as<std::int64_t>()[at];
    case DType::uint64: return static_cast<std::int64_t>(as<std::uint64_t>()[at]);
    default: return 0;
  }
}

double Tensor::real(std::int64_t i) const {
  const auto at = static_cast<std::size_t>(i);
  if (type == DType::float32) return as<float>()[at];
  if (type == DType::float64) return as<double>()[at];
  if (type == DType::float16) return half_to_float(as<std::uint16_t>()[at]);
  return static_cast<double>(integer(i));
}

std::vector<std::int64_t> Tensor::integers() const {
  std::vector<std::int64_t> values(static_cast<std::size_t>(count()));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = integer(static_cast<std::int64_t>(i));
  return values;
}

Tensor make_tensor(DType type, Shape shape) {
  Tensor t{type, std::move(shape), {}};
  t.bytes.resize(static_cast<std::size_t>(t.count()) * static_cast<std::size_t>(size_of(type)));
  return t;
}

Tensor scalar_tensor(float value) {
  return make_tensor<float>(DType::float32, {}, std::span<const float>(&value, 1));
}

Tensor scalar_tensor(DType type, std::int64_t value) {
  Tensor t = make_tensor(type, {});
  for (std::size_t i = 0; i < t.bytes.size(); ++i)  // little endian, two's complement
    t.bytes[i] = static_cast<std::byte>((static_cast<std::uint64_t>(value) >> (8 * i)) & 0xFF);
  return t;
}

}  // namespace o2m
