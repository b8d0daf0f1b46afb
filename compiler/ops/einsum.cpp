// Einsum 12 in float32 of one or two operands. passes/expand_einsum.cpp makes ReduceSum, MatMul and Transpose
// of it.

#include "ops/einsum.hpp"

#include <algorithm>
#include <stdexcept>

#include "ops/lower.hpp"

namespace o2m {
namespace {

constexpr std::string_view dots = "...";
constexpr std::string_view ellipsis_labels = "9876543210";  // of its last dimensions, as NumPy aligns them

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// The term with its ellipsis spelled out for `dims` dimensions.
std::string with_ellipsis(std::string term, std::size_t dims) {
  const std::size_t at = term.find(dots);
  if (at == std::string::npos) return term;
  return term.replace(at, dots.size(), std::string(ellipsis_labels.substr(ellipsis_labels.size() - dims)));
}

void check_term(const std::string& term, const std::string& equation) {
  std::string letters = term;
  if (const std::size_t at = letters.find(dots); at != std::string::npos) letters.erase(at, dots.size());
  if (!std::all_of(letters.begin(), letters.end(), is_letter))
    refuse("equation \"{}\" has a term \"{}\" that is not letters and one \"...\"", printable(equation),
           printable(term));
  std::sort(letters.begin(), letters.end());
  if (std::adjacent_find(letters.begin(), letters.end()) != letters.end())
    refuse("equation \"{}\" takes a diagonal (\"{}\"), which is not supported", printable(equation), term);
}

/// Without "->": the ellipsis, then every letter that occurs once, in alphabetical order.
std::string implicit_output(const std::vector<std::string>& terms) {
  std::map<char, int> count;
  bool has_dots = false;
  for (const std::string& term : terms) {
    has_dots |= term.find(dots) != std::string::npos;
    for (const char c : term)
      if (is_letter(c)) ++count[c];
  }
  std::string out(has_dots ? dots : "");
  for (const auto& [c, n] : count)
    if (n == 1) out += c;
  return out;
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> terms{""};
  for (const char c : text)
    if (c == ',')
      terms.emplace_back();
    else
      terms.back() += c;
  return terms;
}

}  // namespace

Shape Einsum::shape(const std::string& labels) const {
  Shape shape;
  for (const char c : labels) shape.push_back(extent.at(c));
  return shape;
}

Einsum resolve_einsum(const Graph& graph, const Node& node) {
  const std::string given = node.attr_string("equation", "");
  std::string equation = given;
  std::erase(equation, ' ');
  const std::size_t arrow = equation.find("->");
  Einsum e{split(equation.substr(0, arrow)), "", {}};
  if (e.operands.size() != node.inputs.size())
    refuse("equation \"{}\" has {} terms for {} operands", printable(given), e.operands.size(),
           node.inputs.size());
  if (e.operands.size() > 2) refuse("{} operands are not supported, only 1 or 2", e.operands.size());
  e.output = arrow == std::string::npos ? implicit_output(e.operands) : equation.substr(arrow + 2);
  check_term(e.output, given);
  std::size_t most = 0;
  for (std::size_t i = 0; i < e.operands.size(); ++i) {
    std::string& term = e.operands[i];
    check_term(term, given);
    const Shape& shape = graph.shape(node.inputs[i]);
    const bool has_dots = term.find(dots) != std::string::npos;
    const std::size_t letters = term.size() - (has_dots ? dots.size() : 0);
    if (has_dots ? shape.size() < letters || shape.size() > letters + ellipsis_labels.size()
                 : shape.size() != letters)
      refuse("the term \"{}\" does not fit the shape {}", term, to_string(shape));
    if (has_dots) most = std::max(most, shape.size() - letters);
    term = with_ellipsis(term, shape.size() - letters);
    for (std::size_t d = 0; d < shape.size(); ++d)
      if (const auto [it, fresh] = e.extent.emplace(term[d], shape[d]); !fresh && it->second != shape[d])
        refuse("equation \"{}\": a dimension is {} in one operand and {} in another", printable(given),
               it->second, shape[d]);
  }
  e.output = with_ellipsis(e.output, most);
  for (const char c : e.output)
    if (!e.extent.count(c))
      refuse("equation \"{}\" has an output label that no operand has", printable(given));
  return e;
}

namespace {

void infer(InferContext& c) {
  for (std::size_t i = 0; i < c.input_count(); ++i)
    if (c.type(i) != DType::float32)
      refuse("operand {} is {}, only float32 is supported", i, to_string(c.type(i)));
  const Einsum e = resolve_einsum(c.graph, c.node);
  c.set(0, DType::float32, e.shape(e.output));
}

void lower(LowerContext&) { throw std::logic_error("an Einsum was not expanded"); }

}  // namespace

ONNX2MCU_DEFINE_OP(op_Einsum){"", "Einsum", infer, lower};

}  // namespace o2m
