#include "samples/npy.hpp"

#include <fmt/format.h>

#include <charconv>
#include <fstream>
#include <sstream>

#include "compile.hpp"
#include "diagnostics.hpp"

namespace o2m {
namespace {

struct Descr {
  std::string_view text;
  DType type;
};

constexpr Descr descrs[] = {{"<f4", DType::float32}, {"|u1", DType::uint8},   {"|i1", DType::int8},
                            {"<u2", DType::uint16},  {"<i2", DType::int16},   {"<i4", DType::int32},
                            {"<i8", DType::int64},   {"|b1", DType::boolean}, {"<f2", DType::float16},
                            {"<f8", DType::float64}, {"<u4", DType::uint32},  {"<u8", DType::uint64}};

/// The text behind `'key':` in the header's Python dictionary, blanks skipped.
std::string_view value_of(std::string_view header, std::string_view key) {
  for (const char quote : {'\'', '"'}) {
    const std::string quoted = fmt::format("{}{}{}", quote, key, quote);
    std::size_t at = header.find(quoted);
    if (at == std::string_view::npos) continue;
    at = header.find(':', at + quoted.size());
    if (at == std::string_view::npos) break;
    at = header.find_first_not_of(' ', at + 1);
    if (at == std::string_view::npos) break;
    return header.substr(at);
  }
  refuse("the .npy header has no {}", key);
}

DType type_of(std::string_view header) {
  std::string_view text = value_of(header, "descr");
  if (text.size() < 2 || (text[0] != '\'' && text[0] != '"'))
    refuse("the .npy dtype is a structure, expected a plain type");
  text = text.substr(1, std::min(text.find(text[0], 1), text.size()) - 1);
  for (const Descr& d : descrs)
    if (d.text == text ||
        (d.text[0] == '|' && d.text.substr(1) == text.substr(std::min<std::size_t>(1, text.size()))))
      return d.type;
  refuse("the .npy dtype \"{}\" is not supported, expected one like <f4, |u1, |i1",
         printable(std::string(text)));
}

Shape shape_of(std::string_view header) {
  std::string_view text = value_of(header, "shape");
  const std::size_t end = text.find(')');
  if (text.empty() || text[0] != '(' || end == std::string_view::npos)
    refuse("the .npy shape is not a tuple");
  text = text.substr(1, end - 1);
  Shape shape;
  while (true) {
    text.remove_prefix(std::min(text.find_first_not_of(" ,"), text.size()));
    if (text.empty()) return shape;
    std::int64_t dim = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), dim);
    if (error != std::errc() || dim < 0) refuse("the .npy shape holds something that is no dimension");
    shape.push_back(dim);
    text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
  }
}

/// Elements in Fortran order (first dimension fastest) to C order.
Tensor to_c_order(const Tensor& f) {
  Tensor c = make_tensor(f.type, f.shape);
  const auto item = static_cast<std::size_t>(size_of(f.type));
  std::vector<std::int64_t> stride(f.shape.size(), 1), at(f.shape.size(), 0);
  for (std::size_t d = 1; d < stride.size(); ++d) stride[d] = stride[d - 1] * f.shape[d - 1];
  for (std::int64_t i = 0; i < c.count(); ++i) {
    std::int64_t from = 0;
    for (std::size_t d = 0; d < at.size(); ++d) from += at[d] * stride[d];
    copy_bytes(c.bytes.data() + static_cast<std::size_t>(i) * item,
               f.bytes.data() + static_cast<std::size_t>(from) * item, item);
    for (std::size_t d = at.size(); d-- > 0 && ++at[d] == f.shape[d];) at[d] = 0;
  }
  return c;
}

}  // namespace

Tensor parse_npy(std::string_view bytes) {
  if (bytes.size() < 10 || bytes.substr(0, 6) != "\x93NUMPY") refuse("not a .npy file");
  const int major = bytes[6];
  if (major < 1 || major > 3)
    refuse(".npy format {}.{} is not supported, only 1.0 to 3.0", major, static_cast<int>(bytes[7]));
  const std::size_t width = major == 1 ? 2 : 4;
  std::size_t length = 0;
  for (std::size_t i = 0; i < width && 8 + i < bytes.size(); ++i)
    length |= static_cast<std::size_t>(static_cast<unsigned char>(bytes[8 + i])) << (8 * i);
  if (bytes.size() < 8 + width || length > bytes.size() - (8 + width)) refuse("the .npy header is truncated");
  const std::string_view header = bytes.substr(8 + width, length), data = bytes.substr(8 + width + length);
  const DType type = type_of(header);
  const Shape shape = shape_of(header);
  const std::int64_t count = element_count(shape);
  if (count < 0 ||
      static_cast<std::uint64_t>(count) != data.size() / static_cast<std::size_t>(size_of(type)) ||
      data.size() % static_cast<std::size_t>(size_of(type)) != 0)
    refuse("the .npy file holds {} bytes of data, {}{} does not fit that", data.size(), to_string(type),
           to_string(shape));
  Tensor tensor = make_tensor(type, shape);
  copy_bytes(tensor.bytes.data(), data.data(), data.size());
  const bool fortran = value_of(header, "fortran_order").substr(0, 4) == "True";
  return fortran ? to_c_order(tensor) : tensor;
}

Tensor read_npy(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  if (!in || std::filesystem::is_directory(path) || !(text << in.rdbuf()))
    refuse("cannot read {}", path.string());
  try {
    return parse_npy(text.view());
  } catch (const Refusal& refusal) {
    refuse("{}: {}", path.string(), refusal.what());
  }
}

void write_npy(const std::filesystem::path& path, const Tensor& tensor) {
  std::string_view descr = "|u1";
  for (const Descr& d : descrs)
    if (d.type == tensor.type) descr = d.text;
  std::string shape;
  for (const std::int64_t d : tensor.shape) shape += fmt::format("{}, ", d);
  if (tensor.shape.size() > 1)
    shape.resize(shape.size() - 2);
  else if (!shape.empty())
    shape.pop_back();
  std::string header =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", descr, shape);
  header.append(63 - (10 + header.size()) % 64, ' ');
  header += '\n';
  std::string text = "\x93NUMPY";
  text += {'\1', '\0', static_cast<char>(header.size() & 255), static_cast<char>(header.size() >> 8)};
  text += header;
  text.append(reinterpret_cast<const char*>(tensor.bytes.data()), tensor.bytes.size());
  write_files(path.parent_path(), {{path.filename().string(), text}});
}

}  // namespace o2m
