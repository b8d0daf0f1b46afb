#include "diagnostics.hpp"

#include <algorithm>

namespace o2m {

std::string format(const std::string& file, const std::string& severity, const Diagnostic& d) {
  std::string text = fmt::format("{}: {}: ", file, severity);
  if (!d.place.empty()) text += d.place + ": ";
  text += d.reason + "\n";
  for (const std::string& detail : d.details) text += "  " + detail + "\n";
  if (!d.hint.empty()) text += "  hint: " + d.hint + "\n";
  return text;
}

std::size_t text_sequence(std::string_view text, std::size_t i) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const unsigned lead = byte(i);
  if (lead < 0x80) return lead >= 0x20 && lead != 0x7f ? 1 : 0;
  const std::size_t length = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
  if (length == 0 || i + length > text.size()) return 0;
  for (std::size_t k = 1; k < length; ++k)
    if ((byte(i + k) & 0xc0) != 0x80) return 0;
  // Invisible marks, line separators and changes of writing direction: U+2000…U+206F but the dashes and
  // quotes.
  const bool punctuation = lead == 0xe2 && (byte(i + 1) == 0x80 || byte(i + 1) == 0x81);
  const bool visible = byte(i + 1) == 0x80 && byte(i + 2) >= 0x90 && byte(i + 2) <= 0xa7;
  return punctuation && !visible ? 0 : length;
}

std::string printable(const std::string& name) {
  std::string out;
  for (std::size_t i = 0; i < name.size();) {
    const std::size_t length = text_sequence(name, i);
    if (length == 0)
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(name[i]));
    else
      out += name.substr(i, length);
    i += std::max<std::size_t>(length, 1);
  }
  return out;
}

}  // namespace o2m
