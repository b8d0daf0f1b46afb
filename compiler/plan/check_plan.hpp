// Independent validator of a memory plan. It shares no code with the planner, compares every pair of buffers
// directly from the definitions in problem.hpp, and always runs before a plan is used.
#pragma once

#include <optional>
#include <string>

#include "plan/problem.hpp"

namespace o2m {

/// What is wrong with the problem itself (empty lifetimes, negative sizes, bad indices, …), or nothing.
std::optional<std::string> check_problem(const PlanProblem& problem);

/// The first rule that the plan breaks, with the buffers concerned, or nothing. Includes check_problem().
/// Whether lower_bound is right is not its business, only that the plan does not contradict it.
std::optional<std::string> check_plan(const PlanProblem& problem, const Plan& plan);

}  // namespace o2m
