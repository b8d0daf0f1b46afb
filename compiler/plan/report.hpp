// What `onnx2mcu plan` does, without files and arguments: CSV in, placement, validator's word, text and CSV
// out.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "plan/place.hpp"
#include "plan/problem.hpp"

namespace o2m {

struct PlanReport {
  std::vector<std::string> errors;  ///< of the CSV: nothing else is filled then
  PlanProblem problem;
  Plan plan;
  double seconds = 0;
  bool fits = true;  ///< no capacity was given or the height is within it
  std::string text;  ///< for a person: height, lower bound, gap, steps, time, the validator's word
  std::string csv;   ///< the buffers with their offsets
};

/// Throws std::logic_error if the validator rejects the plan: an internal fault.
PlanReport run_plan(std::string_view csv, const PlaceOptions& options);

}  // namespace o2m
