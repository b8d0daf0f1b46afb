// A table of buffers: reading it, placing a small one, checking the plan, writing it and reading it back.
#include <cstdint>
#include <stdexcept>

#include "plan/check_plan.hpp"
#include "plan/csv.hpp"
#include "plan/place.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const o2m::PlanCsv csv = o2m::read_plan_csv({reinterpret_cast<const char*>(data), size});
  if (!csv.errors.empty()) return 0;
  const o2m::Plan plan = o2m::place(csv.problem, {{}, 2000, {}});
  if (const auto fault = o2m::check_plan(csv.problem, plan)) throw std::logic_error(*fault);
  const std::string text = o2m::write_plan_csv(csv.problem, plan.offsets);
  const o2m::PlanCsv again = o2m::read_plan_csv(text);
  if (!again.errors.empty()) throw std::logic_error(again.errors[0] + "\n" + text);
  if (again.offsets != plan.offsets && !plan.offsets.empty())
    throw std::logic_error("offsets change on the way through a file");
  return 0;
}
