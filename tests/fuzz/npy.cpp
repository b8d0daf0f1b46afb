// A .npy file.
#include "samples/npy.hpp"

#include <cstdint>

#include "diagnostics.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const o2m::Tensor t = o2m::parse_npy({reinterpret_cast<const char*>(data), size});
    if (t.bytes.size() > size) throw std::logic_error("an array larger than its file");
  } catch (const o2m::Refusal&) {
  }
  return 0;
}
