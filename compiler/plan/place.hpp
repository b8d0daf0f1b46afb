// Places buffers so that the arena is as small as possible, and says whether it is proven to be. One pass of
// simple methods meets the lower bound for most networks; a complete search does the rest or says how far it
// got. The result is the same on every machine unless a time limit is asked for.
#pragma once

#include <cstdint>
#include <optional>

#include "plan/problem.hpp"

namespace o2m {

#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION  // sanitizers make the search a hundred times slower
inline constexpr std::int64_t default_step_limit = 1'000;
#else
inline constexpr std::int64_t default_step_limit = 200'000;
#endif

struct PlaceOptions {
  std::optional<std::int64_t> capacity = {};  ///< stop at the first placement that is no higher
  std::int64_t step_limit =
      default_step_limit;              ///< decisions of the search; 10,000 to 1,000,000 of them take a second
  std::optional<double> seconds = {};  ///< wall-clock limit of the search
};

/// `problem` must satisfy check_problem() of check_plan.hpp.
Plan place(const PlanProblem& problem, const PlaceOptions& options = {});

}  // namespace o2m
