// The validator of memory plans: one table row for every rule that can be broken.
#include <doctest/doctest.h>

#include <limits>

#include "plan/check_plan.hpp"
#include "plan/place.hpp"

using o2m::check_plan;
using o2m::Plan;
using o2m::PlanProblem;

namespace {

struct Case {
  PlanProblem problem;
  Plan plan = {};
  std::string fault = {};  ///< empty: the plan is right
};

const PlanProblem two = {.buffers = {{"a", 0, 2, 8}, {"b", 1, 3, 4, 4}}};

PlanProblem two_with(std::vector<o2m::Overlap> overlaps) {
  return {.buffers = two.buffers, .overlaps = std::move(overlaps)};
}

Plan plan_of(std::vector<std::int64_t> offsets, std::int64_t height) {
  return {.offsets = std::move(offsets), .height = height, .lower_bound = height, .proven_minimal = true};
}

const Case cases[] = {
    {.problem = two, .plan = plan_of({0, 8}, 12)},
    {.problem = two, .plan = plan_of({4, 0}, 12)},
    {.problem = {.buffers = {{"a", 0, 2, 8}, {"b", 2, 3, 4}}}, .plan = plan_of({0, 3}, 8)},
    {.problem = {.buffers = {{"a", 0, 2, 8}, {"empty", 0, 9, 0}}}, .plan = plan_of({0, 3}, 8)},
    // overlaps: at the distance, beyond it, on the other side, the second of two alternatives
    {.problem = two_with({{1, 0, 3}}), .plan = plan_of({3, 0}, 11)},
    {.problem = two_with({{1, 0, -4}}), .plan = plan_of({0, 4}, 8)},
    {.problem = two_with({{1, 0, 0}}), .plan = plan_of({0, 8}, 12)},
    {.problem = two_with({{1, 0, 9}, {0, 1, 4}}), .plan = plan_of({0, 4}, 8)},
    // the plan breaks a rule
    {.problem = two, .plan = plan_of({0}, 8), .fault = "1 offsets for 2 buffers"},
    {.problem = two, .plan = plan_of({-1, 8}, 12), .fault = "buffer 0 \"a\" lies at -1"},
    {.problem = two,
     .plan = plan_of({0, std::int64_t{1} << 60}, 12),
     .fault = "buffer 1 \"b\" lies at 1152921504606846976, past 2^52"},
    {.problem = two, .plan = plan_of({0, 10}, 14), .fault = "buffer 1 \"b\" lies at 10, not a multiple of 4"},
    {.problem = two,
     .plan = plan_of({0, 4}, 8),
     .fault =
         "buffer 0 \"a\" at [0, 8) alive [0, 2) and buffer 1 \"b\" at [4, 8) alive [1, 3) share bytes and no "
         "overlap allows it"},
    {.problem = two_with({{1, 0, 3}}),
     .plan = plan_of({2, 0}, 10),
     .fault = "buffer 0 \"a\" at [2, 10) alive [0, 2) and buffer 1 \"b\" at [0, 4) alive [1, 3) share bytes "
              "and no "
              "overlap allows it"},
    {.problem = two_with({{1, 0, -4}}), .plan = plan_of({1, 4}, 9)},
    {.problem = two_with({{1, 0, -2}}),
     .plan = plan_of({1, 4}, 9),
     .fault =
         "buffer 0 \"a\" at [1, 9) alive [0, 2) and buffer 1 \"b\" at [4, 8) alive [1, 3) share bytes and no "
         "overlap allows it"},
    {.problem = two, .plan = plan_of({0, 8}, 13), .fault = "the height is 12, not 13"},
    {.problem = two,
     .plan = {.offsets = {0, 8}, .height = 12, .lower_bound = 13},
     .fault = "the height 12 is less than the lower bound 13"},
    {.problem = two,
     .plan = {.offsets = {0, 8}, .height = 12, .lower_bound = 11, .proven_minimal = true},
     .fault = "height 12 and lower bound 11, but proven_minimal is true"},
    {.problem = two,
     .plan = {.offsets = {0, 8}, .height = 12, .lower_bound = 12},
     .fault = "height 12 and lower bound 12, but proven_minimal is false"},
    // the problem is wrong
    {.problem = {.buffers = {{"a", 2, 2, 8}}}, .fault = "buffer 0 \"a\" is alive in [2, 2), which is empty"},
    {.problem = {.buffers = {{"a", 0, 2, -8}}}, .fault = "buffer 0 \"a\" has the negative size -8"},
    {.problem = {.buffers = {{"a", 0, 2, 8, 0}}}, .fault = "buffer 0 \"a\" has the alignment 0, less than 1"},
    {.problem = {.buffers = {{"a", 0, 2, o2m::max_plan_bytes / 2}, {"b", 0, 2, o2m::max_plan_bytes / 2}}},
     .fault = "buffer 1 \"b\" takes the sizes and alignments past 2^52 in total"},
    {.problem = {.buffers = {{"a", 0, 2, std::numeric_limits<std::int64_t>::max()}}},
     .fault = "buffer 0 \"a\" takes the sizes and alignments past 2^52 in total"},
    {.problem = two_with({{0, 2, 0}}), .fault = "overlap 0 is between buffers 0 and 2 of 2"},
    {.problem = two_with({{0, 1, 0}, {-1, 1, 0}}), .fault = "overlap 1 is between buffers -1 and 1 of 2"},
    {.problem = two_with({{1, 1, 0}}), .fault = "overlap 0 is between buffers 1 and 1 of 2"},
    {.problem = two_with({{0, 1, -o2m::max_plan_bytes - 1}}),
     .fault = "overlap 0 has the distance -4503599627370497, more than 2^52 away"},
};

}  // namespace

TEST_CASE("check_plan: every rule") {
  for (std::size_t i = 0; i < std::size(cases); ++i) {
    CAPTURE(i);
    CHECK(check_plan(cases[i].problem, cases[i].plan).value_or("") == cases[i].fault);
  }
}
