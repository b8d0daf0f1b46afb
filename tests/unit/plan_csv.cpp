// Buffers as CSV: what is read, every error with its line, and the report of the plan command.
#include <doctest/doctest.h>

#include "plan/csv.hpp"
#include "plan/report.hpp"

using o2m::read_plan_csv;
using o2m::run_plan;
using o2m::write_plan_csv;

namespace {

using Errors = std::vector<std::string>;

struct Wrong {
  const char* text;
  Errors errors;
};

const Wrong wrong[] = {
    {"", {"line 1: expected a header such as id,lower,upper,size, found nothing"}},
    {"\n\r\n", {"line 1: expected a header such as id,lower,upper,size, found nothing"}},
    {"id,lower,size\n", {"line 1: no column \"upper\""}},
    {"id,lower,upper,size,size,gaps\n",
     {"line 1: column \"size\" occurs twice",
      "line 1: unknown column \"gaps\", known are id, lower, upper, size, alignment, offset"}},
    {"id,lower,upper,size\na,0,1\nb,0,1,2,3\n",
     {"line 2: expected 4 fields as in the header, found 3",
      "line 3: expected 4 fields as in the header, found 5"}},
    {"id,lower,upper,size\n\na,0,x,4\nb,,1,4\nc,0,1,4k\nd,0,1, 4\n",
     {"line 3: upper: expected an integer, found \"x\"", "line 4: lower: expected an integer, found \"\"",
      "line 5: size: expected an integer, found \"4k\"", "line 6: size: expected an integer, found \" 4\""}},
    {"id,lower,upper,size\na,0,1,99999999999999999999\nb,-9007199254740992,1,4\n",
     {"line 2: size: 99999999999999999999 is more than 2^52 from 0",
      "line 3: lower: -9007199254740992 is more than 2^52 from 0"}},
    {"id,lower,upper,size,alignment,offset\na,0,1,-4,1,0\nb,0,1,4,0,0\nc,0,1,4,1,-1\n",
     {"line 2: size: expected at least 0, found -4", "line 3: alignment: expected at least 1, found 0",
      "line 4: offset: expected at least 0, found -1"}},
    {"id,lower,upper,size\na,3,3,4\nb,4,3,4\n",
     {"line 2: expected lower < upper, found 3 and 3", "line 3: expected lower < upper, found 4 and 3"}},
    {"id,lower,upper,size\na,0,1,4\nb,0,1,4\na,0,1,4\n", {"line 4: id \"a\" was already used in line 2"}},
    {"id,lower,upper,size\n\"a\"b,0,1,4\n", {"line 2: expected a comma after a closing quote, found \"b\""}},
    {"id,lower,upper,size\n\"a\n,0,1,4\n",
     {"line 2: a quote is opened and never closed", "line 2: expected 4 fields as in the header, found 1"}},
    {"id,lower,upper,size\na,0,1,4000000000000000\nb,0,1,4000000000000000\n",
     {"buffer 1 \"b\" takes the sizes and alignments past 2^52 in total"}},
};

constexpr const char* three = "id,lower,upper,size\nx,0,2,5\ny,1,3,6\nz,2,4,4\n";

std::string without_time(std::string text) {
  const std::size_t at = text.find("time ");
  return text.erase(at, text.find('\n', at) + 1 - at);
}

}  // namespace

TEST_CASE("plan csv: errors say the line and what was found") {
  for (const Wrong& w : wrong) {
    CAPTURE(w.text);
    CHECK(read_plan_csv(w.text).errors == w.errors);
  }
}

TEST_CASE("plan csv: columns in any order, quotes, any line ends") {
  const o2m::PlanCsv csv = read_plan_csv(
      "size,offset,id,upper,lower,alignment\r\n5,8,\"a \"\"b\"\", c\nd\",7,-2,4\r\n\r\n6,0,e,9,3,1");
  CHECK(csv.errors == Errors{});
  REQUIRE(csv.problem.buffers.size() == 2);
  const o2m::PlanBuffer& a = csv.problem.buffers[0];
  CHECK(a.name == "a \"b\", c\nd");
  CHECK(a.lower == -2);
  CHECK(a.upper == 7);
  CHECK(a.size == 5);
  CHECK(a.alignment == 4);
  CHECK(csv.offsets == std::vector<std::int64_t>{8, 0});
  CHECK(write_plan_csv(csv.problem, csv.offsets) ==
        "id,lower,upper,size,alignment,offset\n\"a \"\"b\"\", c\nd\",-2,7,5,4,8\ne,3,9,6,1,0\n");
}

TEST_CASE("plan csv: written as it was read") {
  CHECK(write_plan_csv(read_plan_csv(three).problem, {}) == three);
  const std::string placed = "id,lower,upper,size,offset\nx,0,2,5,6\ny,1,3,6,0\nz,2,4,4,6\n";
  const o2m::PlanCsv csv = read_plan_csv(placed);
  CHECK(write_plan_csv(csv.problem, csv.offsets) == placed);
}

TEST_CASE("run_plan: report and CSV with offsets") {
  const o2m::PlanReport report = run_plan(three, {.capacity = 12});
  CHECK(without_time(report.text) ==
        "buffers      3\nheight       11\nlower bound  11\ngap          0 (proven minimal)\ncapacity     12 "
        "(fits)\n"
        "steps        0\nvalidator    valid\n");
  CHECK(report.fits);
  const o2m::PlanCsv again = read_plan_csv(report.csv);
  CHECK(again.errors == Errors{});
  CHECK(again.offsets == report.plan.offsets);
}

TEST_CASE("run_plan: a capacity that is too small, offsets that came along, errors") {
  const o2m::PlanReport small =
      run_plan("id,lower,upper,size,offset\nx,0,2,5,0\ny,1,3,6,4\n", {.capacity = 10});
  CHECK_FALSE(small.fits);
  CHECK(without_time(small.text) ==
        "buffers      2\ngiven        10 (wrong: buffer 0 \"x\" at [0, 5) alive [0, 2) and buffer 1 \"y\" at "
        "[4, 10) "
        "alive [1, 3) share bytes and no overlap allows it)\nheight       11\nlower bound  11\n"
        "gap          0 (proven minimal)\ncapacity     10 (proven too small)\nsteps        0\nvalidator    "
        "valid\n");
  CHECK(run_plan("id,lower,upper,size,offset\nx,0,2,5,6\ny,1,3,6,0\n", {})
            .text.find("given        11 (valid)\n") != std::string::npos);
  CHECK(run_plan("x", {}).errors.size() == 5);
}
