// Sample files other than .npy: each written here by the format's own library or byte by byte.
#include "samples/images.hpp"

#include <doctest/doctest.h>
#include <png.h>
#include <unistd.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>

#include "diagnostics.hpp"
#include "samples/samples.hpp"

using namespace o2m;
namespace fs = std::filesystem;

namespace {

struct Folder {
  fs::path path = fs::temp_directory_path() / ("onnx2mcu_images_" + std::to_string(::getpid()));
  Folder() { fs::create_directories(path); }
  ~Folder() { fs::remove_all(path); }
  fs::path write(const std::string& name, const std::string& bytes) const {
    std::ofstream(path / name, std::ios::binary) << bytes;
    return path / name;
  }
};

const std::string idx{
    "\0\0\x08\x03"
    "\0\0\0\x02"
    "\0\0\0\x01"
    "\0\0\0\x03"
    "\1\2\3\4\5\377",
    22};

std::string zipped(const fs::path& path) {
  const gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, idx.data(), static_cast<unsigned>(idx.size()));
  gzclose(file);
  return path;
}

void write_png(const fs::path& path, const std::vector<std::uint8_t>& pixels, unsigned format) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = 2;
  image.height = 1;
  image.format = format;
  REQUIRE(png_image_write_to_file(&image, path.c_str(), 0, pixels.data(), 0, nullptr) != 0);
}

std::vector<std::int64_t> integers(const Tensor& t) { return t.integers(); }

Port port(DType type, Shape shape) {
  return {"x", type, std::move(shape), "NCHW", std::nullopt, BufferId::none};
}

Tensor read(const Port& p, const fs::path& file, const PixelMap& pixels = {}, std::int64_t at_most = 0) {
  return read_samples({p}, {{"", file}}, "input", pixels, at_most).arrays[0];
}

}  // namespace

TEST_CASE("IDX, packed or not") {
  const Folder folder;
  const Port p = port(DType::uint8, {1, 1, 1, 3});
  for (const fs::path& file : {folder.write("a-idx3-ubyte", idx), fs::path(zipped(folder.path / "a.gz"))}) {
    const Tensor t = read(p, file);
    CHECK(t.shape == Shape{2, 1, 1, 1, 3});
    CHECK(integers(t) == std::vector<std::int64_t>{1, 2, 3, 4, 5, 255});
  }
  CHECK(integers(read(p, folder.write("b", idx), {}, 1)) == std::vector<std::int64_t>{1, 2, 3});
  CHECK_THROWS_WITH_AS(read(p, folder.write("short", idx.substr(0, 20))),
                       doctest::Contains("the IDX file holds 4 bytes of data"), Refusal);
  std::ifstream in(folder.path / "a.gz", std::ios::binary);
  const std::string packed{std::istreambuf_iterator<char>(in), {}};
  CHECK_THROWS_WITH_AS(read(p, folder.write("cut.gz", packed.substr(0, packed.size() - 9))),
                       doctest::Contains("gzip"), Refusal);
}

TEST_CASE("bytes become elements of the port's type") {
  const Folder folder;
  const fs::path file = folder.write("a", idx);
  PixelMap pixels{{1.0F}, {2.0F}, 0.5F};
  CHECK(read(port(DType::float32, {1, 3}), file, pixels).as<float>()[2] == 0.25F);
  CHECK(read(port(DType::float32, {1, 3}), file).as<float>()[5] == 255.0F);
  CHECK(integers(read(port(DType::int8, {1, 3}), file)) ==
        std::vector<std::int64_t>{-127, -126, -125, -124, -123, 127});
  Port quantized = port(DType::int8, {1, 3});
  quantized.quantization = {0.25F, -3};  // (3 * 0.5 - 1) / 2 = 0.25, one step above -3
  CHECK(integers(read(quantized, file, pixels))[2] == -2);
  CHECK_THROWS_AS(read(port(DType::int8, {1, 3}), file, pixels), Refusal);
  pixels.mean = {1, 2};
  CHECK_THROWS_WITH_AS(read(port(DType::float32, {1, 1, 1, 3}), file, pixels),
                       doctest::Contains("have 2 values"), Refusal);
}

TEST_CASE("folders of PGM and PNG") {
  const Folder folder;
  folder.write("1.pgm", "P5 # a comment\n2 1\n255\n\x10\x20");
  folder.write("2.PGM", "P2\n2 1 15\n0 15\n");
  write_png(folder.path / "3.png", {7, 9}, PNG_FORMAT_GRAY);
  folder.write("notes.txt", "no image");
  const Tensor t = read(port(DType::uint8, {1, 1, 1, 2}), folder.path);
  CHECK(t.shape == Shape{3, 1, 1, 1, 2});
  CHECK(integers(t) == std::vector<std::int64_t>{16, 32, 0, 255, 7, 9});
  write_png(folder.path / "4.png", {1, 2, 3, 4, 5, 6}, PNG_FORMAT_RGB);
  CHECK_THROWS_WITH_AS(read(port(DType::uint8, {1, 1, 1, 2}), folder.path),
                       doctest::Contains("all images must have one size"), Refusal);
}

TEST_CASE("colours: planes for NCHW, pixels for NHWC") {
  const Folder folder;
  write_png(folder.path / "a.png", {1, 2, 3, 4, 5, 6}, PNG_FORMAT_RGB);
  CHECK(integers(read(port(DType::uint8, {1, 3, 1, 2}), folder.path)) ==
        std::vector<std::int64_t>{1, 4, 2, 5, 3, 6});
  Port last = port(DType::uint8, {1, 1, 2, 3});
  last.layout = "NHWC";
  CHECK(integers(read(last, folder.path)) == std::vector<std::int64_t>{1, 2, 3, 4, 5, 6});
  const PixelMap pixels{{1, 2, 3}, {1, 1, 3}, 1};
  CHECK(read(port(DType::float32, {1, 3, 1, 2}), folder.path, pixels).as<float>()[5] == 1.0F);
  CHECK_THROWS_AS(read(port(DType::uint8, {1, 2, 3, 1}), folder.path), Refusal);
}

TEST_CASE("damaged images") {
  for (const char* text : {"P5", "P5 2 1 256 \1\2", "P5 2 2 255 \1", "P2 2 1 255 1", "P6 1 1 255 abc",
                           "P5 99999999 99999999 255 "})
    CHECK_THROWS_AS(parse_pgm(text), Refusal);
}
