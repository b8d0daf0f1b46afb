#include "import/tensor_proto.hpp"

#include <charconv>
#include <fstream>

#include "diagnostics.hpp"

namespace o2m {
namespace {

namespace fs = std::filesystem;

bool is_4bit(DType type) { return type == DType::int4 || type == DType::uint4; }

/// Bytes of the serialized form: 4-bit elements are packed two a byte.
std::size_t packed_bytes(DType type, std::int64_t count) {
  return is_4bit(type) ? static_cast<std::size_t>((count + 1) / 2)
                       : static_cast<std::size_t>(count) * static_cast<std::size_t>(size_of(type));
}

void fill_from_packed(Tensor& tensor, const char* data) {
  if (!is_4bit(tensor.type)) {
    copy_bytes(tensor.bytes.data(), data, tensor.bytes.size());
    return;
  }
  for (std::size_t i = 0; i < tensor.bytes.size(); ++i) {  // first element in the low nibble
    const int nibble = (static_cast<unsigned char>(data[i / 2]) >> (i % 2 * 4)) & 15;
    tensor.bytes[i] = static_cast<std::byte>(tensor.type == DType::int4 && nibble > 7 ? nibble - 16 : nibble);
  }
}

template <class T, class Field>
void fill_from_field(Tensor& tensor, const Field& field, const char* field_name) {
  if (field.size() != tensor.count())
    refuse("{} holds {} values, shape {} needs {}", field_name, field.size(), to_string(tensor.shape),
           tensor.count());
  auto out = tensor.as<T>();
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<T>(field.Get(static_cast<int>(i)));
}

void fill_4bit_from_field(Tensor& tensor, const onnx::TensorProto& proto) {
  const std::size_t bytes = packed_bytes(tensor.type, tensor.count());
  if (static_cast<std::size_t>(proto.int32_data_size()) != bytes)
    refuse("int32_data holds {} packed bytes, shape {} needs {}", proto.int32_data_size(),
           to_string(tensor.shape), bytes);
  std::string packed;
  for (const std::int32_t v : proto.int32_data()) packed += static_cast<char>(v);
  fill_from_packed(tensor, packed.data());
}

void fill_from_typed(Tensor& tensor, const onnx::TensorProto& proto) {
  switch (tensor.type) {
    case DType::float32: return fill_from_field<float>(tensor, proto.float_data(), "float_data");
    case DType::float64: return fill_from_field<double>(tensor, proto.double_data(), "double_data");
    case DType::int64: return fill_from_field<std::int64_t>(tensor, proto.int64_data(), "int64_data");
    case DType::uint32: return fill_from_field<std::uint32_t>(tensor, proto.uint64_data(), "uint64_data");
    case DType::uint64: return fill_from_field<std::uint64_t>(tensor, proto.uint64_data(), "uint64_data");
    case DType::int32: return fill_from_field<std::int32_t>(tensor, proto.int32_data(), "int32_data");
    case DType::int16: return fill_from_field<std::int16_t>(tensor, proto.int32_data(), "int32_data");
    case DType::uint16:
    case DType::float16: return fill_from_field<std::uint16_t>(tensor, proto.int32_data(), "int32_data");
    case DType::int8: return fill_from_field<std::int8_t>(tensor, proto.int32_data(), "int32_data");
    case DType::uint8:
    case DType::boolean: return fill_from_field<std::uint8_t>(tensor, proto.int32_data(), "int32_data");
    default: return fill_4bit_from_field(tensor, proto);
  }
}

std::uint64_t external_number(const std::string& key, const std::string& text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    refuse("external data {} \"{}\" is not a number", key, printable(text));
  return value;
}

void fill_from_external(Tensor& tensor, const onnx::TensorProto& proto, const fs::path& folder) {
  std::string location;
  std::uint64_t offset = 0;
  const std::size_t needed = packed_bytes(tensor.type, tensor.count());
  std::uint64_t length = needed;
  for (const auto& entry : proto.external_data()) {
    if (entry.key() == "location") location = entry.value();
    if (entry.key() == "offset") offset = external_number("offset", entry.value());
    if (entry.key() == "length") length = external_number("length", entry.value());
  }
  if (length != needed)
    refuse("external data has length {}, shape {} needs {}", length, to_string(tensor.shape), needed);
  std::error_code failure;
  const fs::path root = fs::weakly_canonical(folder.empty() ? "." : folder, failure);
  const fs::path file = fs::weakly_canonical(root / location, failure);
  const fs::path inside = file.lexically_relative(root);
  if (location.empty()) refuse("external data without a location");
  if (failure || inside.empty() || *inside.begin() == "..")
    refuse("external data \"{}\" lies outside the model's folder", printable(location));
  const auto size = fs::is_regular_file(file, failure) ? fs::file_size(file, failure) : 0;
  if (failure || size < offset || size - offset < needed)
    refuse("external data \"{}\" is missing or too short: {} bytes from byte {} on are needed",
           printable(location), needed, offset);
  std::ifstream in(file, std::ios::binary);
  std::string data(needed, '\0');
  in.seekg(static_cast<std::streamoff>(offset));
  if (!in.read(data.data(), static_cast<std::streamsize>(needed)))
    refuse("external data \"{}\" cannot be read", printable(location));
  fill_from_packed(tensor, data.data());
}

}  // namespace

Tensor import_tensor(const onnx::TensorProto& proto, const fs::path& model_folder) {
  Tensor tensor;
  tensor.type = static_cast<DType>(proto.data_type());
  if (proto.data_type() < 0 || proto.data_type() > 255 || size_of(tensor.type) == 0)
    refuse("tensors of type {} are not supported", to_string(tensor.type));
  tensor.shape.assign(proto.dims().begin(), proto.dims().end());
  const std::int64_t count = tensor.count();
  constexpr std::int64_t limit = std::int64_t{1} << 30;
  if (count < 0 || count > limit)
    refuse("shape {} is not a tensor of at most 2^30 elements", to_string(tensor.shape));

  const bool external = proto.data_location() == onnx::TensorProto::EXTERNAL;
  if (!external &&
      proto.has_raw_data()) {  // checked before allocating, so that a lie about the shape costs nothing
    const std::size_t needed = packed_bytes(tensor.type, count);
    if (proto.raw_data().size() != needed)
      refuse("raw_data holds {} bytes, {}{} needs {}", proto.raw_data().size(), to_string(tensor.type),
             to_string(tensor.shape), needed);
  } else if (!external) {
    const std::int64_t values = proto.float_data_size() + proto.int32_data_size() + proto.int64_data_size() +
                                proto.double_data_size() + proto.uint64_data_size();
    if (values < (is_4bit(tensor.type) ? (count + 1) / 2 : count))
      refuse("it holds {} values, {}{} needs {}", values, to_string(tensor.type), to_string(tensor.shape),
             count);
  }
  if (external) {
    fill_from_external(tensor = make_tensor(tensor.type, tensor.shape), proto, model_folder);
  } else {
    tensor = make_tensor(tensor.type, tensor.shape);
    if (proto.has_raw_data())
      fill_from_packed(tensor, proto.raw_data().data());
    else
      fill_from_typed(tensor, proto);
  }
  return tensor;
}

}  // namespace o2m
