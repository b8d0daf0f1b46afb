// The text form of a model: reading, importing, all passes, planning, printing.
#include <cstdint>

#include "compile_or_refuse.hpp"
#include "import/read.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    fuzz::compile_or_refuse(o2m::parse_model(bytes, o2m::ModelForm::text), static_cast<unsigned>(size));
  } catch (const o2m::Refusal&) {
  }
  return 0;
}
