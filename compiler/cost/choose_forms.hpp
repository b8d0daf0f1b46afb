// The unroll planner: for every layer the kernels (plain loops or blocks in registers) and the unrolling that
// the cost model expects to be fastest, so that all of them together stay within a budget of bytes.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "compile.hpp"

namespace o2m {

/// Code that --unroll auto may take without being told, in bytes.
inline constexpr std::int64_t auto_code_bytes = 16 * 1024;

/// One way to write a layer.
struct FormChoice {
  CodeForm form;
  double cycles = 0;
  std::int64_t bytes = 0;
};

struct LayerChoices {
  std::string layer;
  std::vector<FormChoice> choices;  ///< at least one
};

/// For every layer the index of a choice: the least cycles in total among all that take no more than `budget`
/// bytes together, to 16 bytes; the fewest bytes if there is none.
std::vector<std::size_t> fastest_within(std::span<const LayerChoices> layers, std::int64_t budget);

/// The forms that `options` ask for: --unroll, --flash-budget, or what `tune` found. Refuses a budget that
/// cannot be met.
CodeForms choose_code_forms(const Graph& graph, const CompileOptions& options);

}  // namespace o2m
