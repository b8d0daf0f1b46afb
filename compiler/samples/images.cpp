#include "samples/images.hpp"

#include <png.h>
#include <zlib.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <fstream>
#include <memory>
#include <sstream>
#include <vector>

#include "diagnostics.hpp"

namespace o2m {
namespace {

namespace fs = std::filesystem;

Tensor bytes_tensor(Shape shape, std::string_view data) {
  Tensor t = make_tensor(DType::uint8, std::move(shape));
  copy_bytes(t.bytes.data(), data.data(), t.bytes.size());
  return t;
}

/// Numbers of a PGM header: blanks and comments between them.
std::int64_t pgm_number(std::string_view& text) {
  while (!text.empty() && (std::isspace(static_cast<unsigned char>(text[0])) || text[0] == '#'))
    text.remove_prefix(text[0] == '#' ? std::min(text.find('\n'), text.size()) : 1);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || value < 0) refuse("the PGM file is damaged: a number is missing");
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

Tensor parse_png(const std::string& bytes) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  const std::unique_ptr<png_image, void (*)(png_image*)> owner(&image, png_image_free);
  if (png_image_begin_read_from_memory(&image, bytes.data(), bytes.size()) == 0)
    refuse("not a PNG image: {}", image.message);
  const bool color = (image.format & PNG_FORMAT_FLAG_COLOR) != 0;
  image.format = color ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
  constexpr std::uint64_t limit = 1U << 26;
  if (std::uint64_t{image.width} * image.height > limit)
    refuse("the image has {} x {} pixels, more than 2^26", image.width, image.height);
  const std::size_t channels = color ? 3 : 1, area = std::size_t{image.width} * image.height;
  std::vector<std::uint8_t> pixels(area * channels);
  const png_color black{0, 0, 0};  // behind transparent pixels
  if (png_image_finish_read(&image, &black, pixels.data(), 0, nullptr) == 0)
    refuse("the PNG image is damaged: {}", image.message);
  Tensor t = make_tensor(DType::uint8, {static_cast<std::int64_t>(channels), image.height, image.width});
  for (std::size_t i = 0; i < pixels.size(); ++i)
    t.as<std::uint8_t>()[i % channels * area + i / channels] = pixels[i];
  return t;
}

Tensor read_image(const fs::path& path) {
  const std::string bytes = read_file(path);
  try {
    return bytes.rfind("P", 0) == 0 ? parse_pgm(bytes) : parse_png(bytes);
  } catch (const Refusal& refusal) {
    refuse("{}: {}", path.string(), refusal.what());
  }
}

}  // namespace

bool is_image(const fs::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return extension == ".pgm" || extension == ".png";
}

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  if (!in || fs::is_directory(path) || !(text << in.rdbuf())) refuse("cannot read {}", path.string());
  std::string bytes = std::move(text).str();
  if (bytes.rfind("\x1f\x8b", 0) != 0) return bytes;
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"), gzclose);
  std::string unpacked, block(1 << 16, '\0');
  constexpr std::size_t limit = std::size_t{1} << 32;
  for (int n = 1; n > 0;) {
    n = file ? gzread(file.get(), block.data(), static_cast<unsigned>(block.size())) : -1;
    if (n < 0) refuse("{}: the gzip file is damaged", path.string());
    unpacked.append(block, 0, static_cast<std::size_t>(n));
    if (unpacked.size() > limit) refuse("{} unpacks to more than 4 GiB", path.string());
  }
  int state = Z_OK;
  gzerror(file.get(), &state);
  if (state != Z_OK) refuse("{}: the gzip file is truncated", path.string());
  return unpacked;
}

std::optional<Tensor> parse_idx(std::string_view bytes) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  if (bytes.size() < 4 || byte(0) != 0 || byte(1) != 0 || byte(2) < 8 || byte(2) > 14 || byte(3) == 0 ||
      byte(3) > 4)
    return std::nullopt;
  if (byte(2) != 8)
    refuse("the IDX file holds elements of type {:#04x}, only bytes (0x08) are supported", byte(2));
  const std::size_t rank = byte(3), header = 4 + 4 * rank;
  if (bytes.size() < header) refuse("the IDX header is truncated");
  Shape shape;
  for (std::size_t at = 4; at < header; at += 4)
    shape.push_back(std::int64_t{byte(at)} << 24 | byte(at + 1) << 16 | byte(at + 2) << 8 | byte(at + 3));
  const std::int64_t count = element_count(shape);
  if (count < 0 || static_cast<std::uint64_t>(count) != bytes.size() - header)
    refuse("the IDX file holds {} bytes of data, {} needs {}", bytes.size() - header, to_string(shape),
           count);
  return bytes_tensor(std::move(shape), bytes.substr(header));
}

Tensor parse_pgm(std::string_view text) {
  if (text.size() < 2 || text[0] != 'P' || (text[1] != '5' && text[1] != '2'))
    refuse("not a PGM image (P5 or P2)");
  const bool binary = text[1] == '5';
  text.remove_prefix(2);
  const std::int64_t width = pgm_number(text), height = pgm_number(text), white = pgm_number(text);
  constexpr std::int64_t limit = 1 << 26;
  if (white < 1 || white > 255)
    refuse("the PGM image has {} grey levels, only up to 255 are supported", white);
  if (width < 1 || height < 1 || width > limit / height)
    refuse("the PGM image has {} x {} pixels", width, height);
  Tensor t = make_tensor(DType::uint8, {1, height, width});
  if (binary && text.size() < t.bytes.size() + 1) refuse("the PGM image is truncated");
  if (binary) text.remove_prefix(1);
  for (std::size_t i = 0; i < t.bytes.size(); ++i) {
    const std::int64_t level = binary ? static_cast<unsigned char>(text[i]) : pgm_number(text);
    t.as<std::uint8_t>()[i] = static_cast<std::uint8_t>(std::min(level, white) * 255 / white);
  }
  return t;
}

Tensor read_images(const fs::path& path) {
  std::vector<fs::path> files;
  if (!fs::is_directory(path))
    files.push_back(path);
  else
    for (const auto& entry : fs::directory_iterator(path))
      if (is_image(entry.path())) files.push_back(entry.path());
  if (files.empty()) refuse("{} holds no .pgm or .png image", path.string());
  std::sort(files.begin(), files.end());
  Tensor all{DType::uint8, {}, {}};
  for (const fs::path& file : files) {
    const Tensor image = read_image(file);
    if (all.shape.empty()) all.shape = image.shape;
    if (image.shape != all.shape)
      refuse("{} has shape {}, {} has {}; all images must have one size", file.string(),
             to_string(image.shape), files[0].string(), to_string(all.shape));
    all.bytes.insert(all.bytes.end(), image.bytes.begin(), image.bytes.end());
  }
  all.shape.insert(all.shape.begin(), static_cast<std::int64_t>(files.size()));
  return all;
}

}  // namespace o2m
