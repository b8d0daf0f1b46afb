#include "program/names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>

#include "diagnostics.hpp"

namespace o2m {
namespace {

constexpr std::array reserved = {"alignas",
                                 "alignof",
                                 "and",
                                 "and_eq",
                                 "asm",
                                 "auto",
                                 "bitand",
                                 "bitor",
                                 "bool",
                                 "break",
                                 "case",
                                 "catch",
                                 "char",
                                 "char16_t",
                                 "char32_t",
                                 "char8_t",
                                 "class",
                                 "co_await",
                                 "co_return",
                                 "co_yield",
                                 "compl",
                                 "concept",
                                 "const",
                                 "const_cast",
                                 "consteval",
                                 "constexpr",
                                 "constinit",
                                 "continue",
                                 "decltype",
                                 "default",
                                 "delete",
                                 "do",
                                 "double",
                                 "dynamic_cast",
                                 "else",
                                 "enum",
                                 "explicit",
                                 "export",
                                 "extern",
                                 "false",
                                 "final",
                                 "float",
                                 "for",
                                 "friend",
                                 "goto",
                                 "if",
                                 "import",
                                 "inline",
                                 "int",
                                 "long",
                                 "module",
                                 "mutable",
                                 "namespace",
                                 "new",
                                 "noexcept",
                                 "not",
                                 "not_eq",
                                 "nullptr",
                                 "operator",
                                 "or",
                                 "or_eq",
                                 "override",
                                 "private",
                                 "protected",
                                 "public",
                                 "register",
                                 "reinterpret_cast",
                                 "requires",
                                 "return",
                                 "short",
                                 "signed",
                                 "sizeof",
                                 "static",
                                 "static_assert",
                                 "static_cast",
                                 "struct",
                                 "switch",
                                 "template",
                                 "this",
                                 "thread_local",
                                 "throw",
                                 "true",
                                 "try",
                                 "typedef",
                                 "typeid",
                                 "typename",
                                 "union",
                                 "unsigned",
                                 "using",
                                 "virtual",
                                 "void",
                                 "volatile",
                                 "wchar_t",
                                 "while",
                                 "xor",
                                 "xor_eq",
                                 "std",
                                 "onnx2mcu",
                                 "main",
                                 "linux",
                                 "unix",
                                 "arm",
                                 "errno",
                                 "assert",
                                 "stdin",
                                 "stdout",
                                 "stderr",
                                 "major",
                                 "minor",
                                 "offsetof",
                                 "layers",
                                 "weights",
                                 "arena",
                                 "detail"};

bool is_reserved(std::string_view name) {
  return std::find(reserved.begin(), reserved.end(), name) != reserved.end();
}

/// Lower case, every run of other characters one underscore, none at the ends.
std::string snake(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    if (u < 0x80 && std::isalnum(u))
      out += static_cast<char>(std::tolower(u));
    else if (!out.empty() && out.back() != '_')
      out += '_';
  }
  while (!out.empty() && out.back() == '_') out.pop_back();
  constexpr std::size_t longest = 48;
  if (out.size() > longest) out = out.substr(out.size() - longest);
  while (!out.empty() && out.front() == '_') out.erase(out.begin());
  return out;
}

/// `base`, or base_2, base_3, …: the first of them whose key nobody has. A name, once given, stays taken.
std::string make_unique(UniqueNames& names, const std::string& base, std::string (*key)(std::string_view)) {
  if (names.taken.insert(key(base)).second) return base;
  for (int& i = names.next.try_emplace(base, 2).first->second;; ++i) {
    std::string name = fmt::format("{}_{}", base, i);
    if (names.taken.insert(key(name)).second) return name;
  }
}

}  // namespace

std::string unique_layer_name(Program& program, std::string_view wanted, std::string_view fallback) {
  std::string base = snake(wanted);
  // Very short names meet macros of system headers (I of complex.h, B0 of termios.h).
  if (base.size() < 3 || std::isdigit(static_cast<unsigned char>(base.front())))
    base = snake(fallback) + (base.empty() ? "" : "_" + base);
  if (is_reserved(base)) base += "_layer";
  // Two names that differ only in underscores ("a1", "a_1") would share a struct name.
  return make_unique(program.layer_names, base, upper_camel);
}

std::string unique_constant_name(Program& program, const std::string& wanted) {
  return make_unique(program.constant_names, wanted, [](std::string_view name) { return std::string(name); });
}

std::string upper_camel(std::string_view text) {
  std::string out;
  bool upper = true;
  for (const char c : text) {
    if (c == '_') {
      upper = true;
    } else {
      out += upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
      upper = false;
    }
  }
  return out;
}

std::string float_literal(float value) {
  if (std::isnan(value)) return "__builtin_nanf(\"\")";
  if (std::isinf(value)) return value > 0 ? "__builtin_inff()" : "-__builtin_inff()";
  std::string text = fmt::format("{}", value);  // shortest decimal that reads back as the same float
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text + "F";
}

std::string double_literal(double value) {
  if (std::isnan(value)) return "__builtin_nan(\"\")";
  if (std::isinf(value)) return value > 0 ? "__builtin_inf()" : "-__builtin_inf()";
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

std::string comment_text(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = text_sequence(text, i);
    if (length == 0 || text[i] == '\\')
      out += fmt::format("<{:02x}>", static_cast<unsigned char>(text[i]));
    else if (text[i] == '?' && !out.empty() && out.back() == '?')
      out += " ?";  // no trigraph
    else
      out += text.substr(i, length);
    i += std::max<std::size_t>(length, 1);
  }
  return out;
}

std::string string_literal(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    if (u < 0x20 || u >= 0x7f || c == '"' || c == '\\' || c == '?')
      out += fmt::format("\\{:03o}", u);
    else
      out += c;
  }
  return out + "\"";
}

bool is_identifier(std::string_view name) {
  if (name.empty() || std::isdigit(static_cast<unsigned char>(name.front())) || name.front() == '_')
    return false;
  if (name.find("__") != std::string_view::npos || is_reserved(name)) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    const auto u = static_cast<unsigned char>(c);
    return u < 0x80 && (std::isalnum(u) || c == '_');
  });
}

}  // namespace o2m
