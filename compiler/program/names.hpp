// C++ identifiers and literals for generated code. Nothing of the model's text reaches the code but through
// here.
#pragma once

#include <string>
#include <string_view>

#include "program/program.hpp"

namespace o2m {

/// snake_case identifier of [a-z0-9_], never a keyword or a name the generated code uses itself, unique in
/// `program`.
std::string unique_layer_name(Program& program, std::string_view wanted, std::string_view fallback);
std::string unique_constant_name(Program& program, const std::string& wanted);
/// "conv1_relu" -> "Conv1Relu"
std::string upper_camel(std::string_view snake);
/// Exact, readable: "0.5F", or hexadecimal where decimal would be long; infinities as expressions.
std::string float_literal(float value);
std::string double_literal(double value);
/// Text for a // comment: one line, no backslash at its end, no trigraph.
std::string comment_text(std::string_view text);
/// Text as a C++ string literal with its quotes.
std::string string_literal(std::string_view text);
/// True if `name` can be the namespace of a network (identifier, no keyword, no reserved form).
bool is_identifier(std::string_view name);

}  // namespace o2m
