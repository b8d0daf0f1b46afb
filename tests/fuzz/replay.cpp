// Stands in for libFuzzer where the build has none: runs the files and folders given, then -runs=N of them
// changed at random by a seeded generator, so that every run is the same. -last=FILE keeps the input that is
// being run.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

using Bytes = std::vector<std::uint8_t>;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" __attribute__((weak)) std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                                                     std::size_t max_size, unsigned seed);

namespace {

std::minstd_rand random_bits;
const char* last = nullptr;

std::size_t below(std::size_t n) {
  return static_cast<std::size_t>(random_bits()) % std::max<std::size_t>(n, 1);
}

/// A bit or byte changed, a piece removed, repeated, or moved over another.
void change(Bytes& b) {
  const std::size_t at = below(b.size()), n = std::min(1 + below(16), b.size() - at);
  const auto from = b.begin() + static_cast<std::ptrdiff_t>(at), to = from + static_cast<std::ptrdiff_t>(n);
  switch (below(5)) {
    case 0: *from = static_cast<std::uint8_t>(*from ^ (1 << below(8))); return;
    case 1: *from = static_cast<std::uint8_t>(random_bits()); return;
    case 2: b.erase(from, to); return;
    case 3: {
      const Bytes piece(from, to);
      b.insert(b.begin() + static_cast<std::ptrdiff_t>(below(b.size())), piece.begin(), piece.end());
      return;
    }
    default: std::copy(from, to, b.begin() + static_cast<std::ptrdiff_t>(below(b.size() - n + 1)));
  }
}

void run(const Bytes& bytes) {
  if (last)
    std::ofstream(last, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  const Bytes exact(bytes);  // a block of exactly that size: a sanitizer sees reads past its end
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

Bytes read(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t) {
  Bytes b(data, data + size);
  if (!b.empty()) change(b);
  const std::size_t n = std::min(size, b.size());
  std::copy_n(b.begin(), n, data);
  return n;
}

int main(int argc, char** argv) {
  std::vector<Bytes> seeds;
  long runs = 0;
  for (int i = 1; i < argc; ++i) {
    if (std::strncmp(argv[i], "-runs=", 6) == 0)
      runs = std::atol(argv[i] + 6);
    else if (std::strncmp(argv[i], "-last=", 6) == 0)
      last = argv[i] + 6;
    else if (std::filesystem::is_directory(argv[i])) {
      std::vector<std::filesystem::path> files;
      for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[i]))
        if (entry.is_regular_file()) files.push_back(entry.path());
      std::sort(files.begin(), files.end());
      for (const auto& file : files) seeds.push_back(read(file));
    } else
      seeds.push_back(read(argv[i]));
  }
  for (const Bytes& seed : seeds) run(seed);
  for (long r = 0; r < runs && !seeds.empty(); ++r) {
    Bytes b = seeds[below(seeds.size())];
    if (&LLVMFuzzerCustomMutator) {
      std::size_t size = b.size();
      b.resize(size + 4096);
      size = LLVMFuzzerCustomMutator(b.data(), size, b.size(), static_cast<unsigned>(random_bits()));
      b.resize(size);
    } else {
      for (std::size_t n = 1 + below(4); n > 0 && !b.empty(); --n) change(b);
    }
    run(b);
  }
  std::printf("%zu files, %ld changed ones\n", seeds.size(), runs);
}
