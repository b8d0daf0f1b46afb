// Buffers as CSV, the form of the minimalloc benchmark: a header line naming the columns id, lower, upper,
// size and optionally alignment and offset, in any order, then one buffer per line. Lifetimes are half-open.
// Overlaps have no place in it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "plan/problem.hpp"

namespace o2m {

struct PlanCsv {
  PlanProblem problem;
  std::vector<std::int64_t> offsets;  ///< one per buffer if there is an offset column, else empty
  /// All of them, in order: `line 7: upper: expected an integer, found "x"`.
  std::vector<std::string> errors;
};

PlanCsv read_plan_csv(std::string_view text);

/// With an alignment column if an alignment is not 1, with an offset column unless `offsets` is empty. An id
/// that has a comma, a quote or a line break is quoted, as in RFC 4180.
std::string write_plan_csv(const PlanProblem& problem, const std::vector<std::int64_t>& offsets);

}  // namespace o2m
