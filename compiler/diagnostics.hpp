// Errors as data. Operators and passes throw Refusal with the reason only; the driver that walks the nodes
// adds the place and collects all errors of a phase. Formatting lives in one function: format().
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace o2m {

/// "This model cannot be compiled, because …". `hint` is one sentence on what would help, or empty.
struct Refusal : std::runtime_error {
  explicit Refusal(const std::string& reason, std::string hint_text = {})
      : std::runtime_error(reason), hint(std::move(hint_text)) {}
  std::string hint;
};

template <class... Args>
[[noreturn]] void refuse(fmt::format_string<Args...> reason, Args&&... args) {
  throw Refusal(fmt::format(reason, std::forward<Args>(args)...));
}

/// One reported problem: "file: error: place: reason", then detail lines, then at most one hint.
struct Diagnostic {
  std::string place;
  std::string reason;
  std::vector<std::string> details;
  std::string hint;
};

/// Thrown at the end of a phase that found problems; main prints it and exits with status 1.
struct Refused : std::exception {
  explicit Refused(std::vector<Diagnostic> d) : diagnostics(std::move(d)) {}
  const char* what() const noexcept override { return "the model was refused"; }
  std::vector<Diagnostic> diagnostics;
};

struct Diagnostics {
  std::vector<Diagnostic> errors;
  std::vector<Diagnostic> warnings;

  void error(Diagnostic d) { errors.push_back(std::move(d)); }
  void warning(Diagnostic d) { warnings.push_back(std::move(d)); }
  /// Ends the phase: throws Refused if it met errors.
  void stop_on_errors() const {
    if (!errors.empty()) throw Refused(errors);
  }
};

/// "FILE: error: PLACE: REASON\n  detail\n  hint: …\n". `severity` is "error" or "warning".
std::string format(const std::string& file, const std::string& severity, const Diagnostic& diagnostic);

/// Length of the UTF-8 character at `i` that can be shown as it is; 0 for a control byte, invalid UTF-8, and
/// characters that are invisible or change the direction of the text around them.
std::size_t text_sequence(std::string_view text, std::size_t i);

/// ONNX names are the model's own text: what text_sequence() rejects becomes \xNN, so that a message stays
/// one line.
std::string printable(const std::string& name);

}  // namespace o2m
