#include "plan/csv.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <map>
#include <optional>

#include "plan/check_plan.hpp"

namespace o2m {
namespace {

enum Column { id, lower, upper, size, alignment, offset, columns };
constexpr std::array<std::string_view, columns> column_names = {"id",   "lower",     "upper",
                                                                "size", "alignment", "offset"};
constexpr std::size_t required_columns = 4;

struct Record {
  int line = 0;  ///< where it begins
  std::vector<std::string> fields;
};

struct Reader {
  std::string_view rest;
  int line = 1;
  std::vector<std::string>& errors;

  char take() {
    const char c = rest.front();
    rest.remove_prefix(1);
    line += c == '\n';
    return c;
  }
  bool at(char c) const { return !rest.empty() && rest.front() == c; }
  bool at_end_of_line() const { return rest.empty() || at('\n') || rest.starts_with("\r\n"); }

  std::string quoted_field() {
    const int begin = line;
    std::string field;
    take();
    while (!rest.empty()) {
      const char c = take();
      if (c == '"' && !at('"')) return field;
      if (c == '"') take();
      field += c;
    }
    errors.push_back(fmt::format("line {}: a quote is opened and never closed", begin));
    return field;
  }
  std::string plain_field() {
    std::string field;
    while (!at(',') && !at_end_of_line()) field += take();
    return field;
  }
  std::string field() {
    if (!at('"')) return plain_field();
    const std::string field = quoted_field();
    if (const std::string more = plain_field(); !more.empty())
      errors.push_back(
          fmt::format("line {}: expected a comma after a closing quote, found \"{}\"", line, more));
    return field;
  }
  /// False at the end of the text. Empty lines are skipped.
  bool next(Record& record) {
    while (!rest.empty() && at_end_of_line()) take();
    record = {line, {}};
    if (rest.empty()) return false;
    for (;;) {
      record.fields.push_back(field());
      if (!at(',')) return true;
      take();
    }
  }
};

/// The position of each column, -1 where there is none; nothing if the header is wrong.
std::optional<std::array<int, columns>> read_header(const Record& header, std::vector<std::string>& errors) {
  std::array<int, columns> positions;
  positions.fill(-1);
  const std::size_t errors_before = errors.size();
  for (std::size_t i = 0; i < header.fields.size(); ++i) {
    std::size_t column = 0;
    while (column < columns && column_names[column] != header.fields[i]) ++column;
    if (column == columns)
      errors.push_back(
          fmt::format("line {}: unknown column \"{}\", known are id, lower, upper, size, alignment, offset",
                      header.line, header.fields[i]));
    else if (positions[column] >= 0)
      errors.push_back(fmt::format("line {}: column \"{}\" occurs twice", header.line, header.fields[i]));
    else
      positions[column] = static_cast<int>(i);
  }
  for (std::size_t column = 0; column < required_columns; ++column)
    if (positions[column] < 0)
      errors.push_back(fmt::format("line {}: no column \"{}\"", header.line, column_names[column]));
  if (errors.size() > errors_before) return {};
  return positions;
}

struct Row {
  const Record& record;
  const std::array<int, columns>& positions;
  std::vector<std::string>& errors;

  bool has(Column column) const { return positions[column] >= 0; }
  const std::string& text(Column column) const {
    return record.fields[static_cast<std::size_t>(positions[column])];
  }
  void error(const std::string& what) const {
    errors.push_back(fmt::format("line {}: {}", record.line, what));
  }

  std::int64_t integer(Column column, std::int64_t least, std::int64_t otherwise) const {
    if (!has(column)) return otherwise;
    const std::string& found = text(column);
    std::int64_t value = 0;
    const auto [end, status] = std::from_chars(found.data(), found.data() + found.size(), value);
    if (status == std::errc::result_out_of_range || value > max_plan_bytes || value < -max_plan_bytes)
      error(fmt::format("{}: {} is more than 2^52 from 0", column_names[column], found));
    else if (status != std::errc() || end != found.data() + found.size())
      error(fmt::format("{}: expected an integer, found \"{}\"", column_names[column], found));
    else if (value < least)
      error(fmt::format("{}: expected at least {}, found {}", column_names[column], least, value));
    else
      return value;
    return otherwise;
  }
};

}  // namespace

PlanCsv read_plan_csv(std::string_view text) {
  PlanCsv csv;
  Reader reader{text, 1, csv.errors};
  Record record;
  if (!reader.next(record)) {
    csv.errors.push_back("line 1: expected a header such as id,lower,upper,size, found nothing");
    return csv;
  }
  const auto positions = read_header(record, csv.errors);
  if (!positions) return csv;
  const std::size_t width = record.fields.size();
  std::map<std::string, int> lines;
  while (reader.next(record)) {
    if (record.fields.size() != width) {
      csv.errors.push_back(fmt::format("line {}: expected {} fields as in the header, found {}", record.line,
                                       width, record.fields.size()));
      continue;
    }
    const Row row{record, *positions, csv.errors};
    const std::size_t errors_before = csv.errors.size();
    const PlanBuffer b{row.text(id), row.integer(lower, -max_plan_bytes, 0),
                       row.integer(upper, -max_plan_bytes, 1), row.integer(size, 0, 0),
                       row.integer(alignment, 1, 1)};
    if (csv.errors.size() == errors_before && b.lower >= b.upper)
      row.error(fmt::format("expected lower < upper, found {} and {}", b.lower, b.upper));
    const auto [first, added] = lines.emplace(b.name, record.line);
    if (!added) row.error(fmt::format("id \"{}\" was already used in line {}", b.name, first->second));
    if (row.has(offset)) csv.offsets.push_back(row.integer(offset, 0, 0));
    csv.problem.buffers.push_back(b);
  }
  if (csv.errors.empty())
    if (const auto fault = check_problem(csv.problem)) csv.errors.push_back(*fault);
  return csv;
}

std::string write_plan_csv(const PlanProblem& problem, const std::vector<std::int64_t>& offsets) {
  bool aligned = false;
  for (const PlanBuffer& b : problem.buffers) aligned = aligned || b.alignment != 1;
  std::string text = "id,lower,upper,size";
  if (aligned) text += ",alignment";
  if (!offsets.empty()) text += ",offset";
  text += '\n';
  for (std::size_t i = 0; i < problem.buffers.size(); ++i) {
    const PlanBuffer& b = problem.buffers[i];
    std::string name = b.name;
    if (name.find_first_of(",\"\r\n") != std::string::npos) {
      for (std::size_t at = 0; (at = name.find('"', at)) != std::string::npos; at += 2)
        name.insert(at, 1, '"');
      name = '"' + name + '"';
    }
    text += fmt::format("{},{},{},{}", name, b.lower, b.upper, b.size);
    if (aligned) text += fmt::format(",{}", b.alignment);
    if (!offsets.empty()) text += fmt::format(",{}", offsets[i]);
    text += '\n';
  }
  return text;
}

}  // namespace o2m
