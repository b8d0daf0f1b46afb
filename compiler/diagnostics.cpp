#include "diagnostics.hpp"

namespace o2m {

std::string format(const std::string& file, const std::string& severity, const Diagnostic& d) {
  std::string text = fmt::format("{}: {}: ", file, severity);
  if (!d.place.empty()) text += d.place + ": ";
  text += d.reason + "\n";
  for (const std::string& detail : d.details) text += "  " + detail + "\n";
  if (!d.hint.empty()) text += "  hint: " + d.hint + "\n";
  return text;
}

std::string printable(const std::string& name) {
  // Length of the valid UTF-8 sequence at i, 0 if invalid.
  const auto sequence = [&](std::size_t i) -> std::size_t {
    const auto lead = static_cast<unsigned char>(name[i]);
    const std::size_t length = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
    if (length == 0 || i + length > name.size()) return 0;
    for (std::size_t k = 1; k < length; ++k)
      if ((static_cast<unsigned char>(name[i + k]) & 0xc0) != 0x80) return 0;
    return length;
  };
  std::string out;
  for (std::size_t i = 0; i < name.size();) {
    const std::size_t length = sequence(i);
    const auto byte = static_cast<unsigned char>(name[i]);
    if (length == 0 || byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
      ++i;
    } else {
      out += name.substr(i, length);
      i += length;
    }
  }
  return out;
}

}  // namespace o2m
