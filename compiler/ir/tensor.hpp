// Element types, shapes and constant tensors: the vocabulary that Graph and Program share.
// A Tensor holds its elements in ONNX row-major order, little endian, int4 already widened to one byte each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace o2m {

/// Values equal onnx.TensorProto.DataType, so that import needs no table.
enum class DType : std::uint8_t {
  undefined = 0,
  float32 = 1,
  uint8 = 2,
  int8 = 3,
  uint16 = 4,
  int16 = 5,
  int32 = 6,
  int64 = 7,
  string = 8,
  boolean = 9,
  float16 = 10,
  float64 = 11,
  uint32 = 12,
  uint64 = 13,
  uint4 = 21,
  int4 = 22,
};

/// ONNX spelling ("uint8", "float16", …); "number 99" for one that ONNX does not define.
std::string to_string(DType type);
/// The C++ type of one element in generated code ("std::int8_t"), "" where there is none.
std::string_view cpp_name(DType type);
/// Whether run-time tensors can have this type: not 4 bits, which only constants can have.
bool has_cpp_type(DType type);
/// Bytes of one element in memory; 4-bit types are held widened, one element a byte. 0 = not supported.
int size_of(DType type);
bool is_float(DType type);
bool is_integer(DType type);
bool is_8bit(DType type);
/// Smallest and largest value of an integer type of at most 32 bits.
std::int64_t min_of(DType type);
std::int64_t max_of(DType type);

using Shape = std::vector<std::int64_t>;

/// "[1, 3, 32, 32]"; a scalar is "[]".
std::string to_string(const Shape& shape);
/// Product of the dimensions; -1 if one is negative or above 2^31 or if the product of those that are not 0
/// leaves 62 bits. Where it is not -1, no product of some of the dimensions overflows.
std::int64_t element_count(const Shape& shape);

/// The same of dimensions [from, to).
std::int64_t element_count(const Shape& shape, std::size_t from, std::size_t to);

struct Tensor {
  DType type = DType::undefined;
  Shape shape;
  std::vector<std::byte> bytes;

  std::int64_t count() const { return element_count(shape); }

  template <class T>
  std::span<const T> as() const {
    return {reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T)};
  }
  template <class T>
  std::span<T> as() {
    return {reinterpret_cast<T*>(bytes.data()), bytes.size() / sizeof(T)};
  }
  /// Element `i` of an integer or bool tensor, widened.
  std::int64_t integer(std::int64_t i) const;
  /// Element `i` of a float32/float64/float16 or integer tensor as double.
  double real(std::int64_t i) const;
  /// All elements of an integer tensor, widened.
  std::vector<std::int64_t> integers() const;
};

Tensor make_tensor(DType type, Shape shape);

/// memcpy that may be given null pointers for no bytes, as empty tensors have them.
inline void copy_bytes(void* to, const void* from, std::size_t size) {
  if (size > 0) std::memcpy(to, from, size);
}

template <class T>
Tensor make_tensor(DType type, Shape shape, std::span<const T> values) {
  Tensor t = make_tensor(type, std::move(shape));
  copy_bytes(t.bytes.data(), values.data(), t.bytes.size());
  return t;
}

/// Of shape []: a float32, or an integer of `type`.
Tensor scalar_tensor(float value);
Tensor scalar_tensor(DType type, std::int64_t value);

using TensorPtr = std::shared_ptr<const Tensor>;

}  // namespace o2m
