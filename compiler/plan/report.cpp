#include "plan/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>

#include "plan/check_plan.hpp"
#include "plan/csv.hpp"

namespace o2m {
namespace {

std::string standing(const Plan& plan) {
  if (plan.proven_minimal) return "gap          0 (proven minimal)\n";
  const std::int64_t gap = plan.height - plan.lower_bound;
  return fmt::format("gap          {} ({:.2f} %)\n", gap,
                     100.0 * static_cast<double>(gap) / static_cast<double>(plan.lower_bound));
}

std::string capacity_line(const Plan& plan, std::int64_t capacity) {
  const char* verdict = plan.height <= capacity       ? "fits"
                        : plan.lower_bound > capacity ? "proven too small"
                                                      : "not met within the limits of the search";
  return fmt::format("capacity     {} ({})\n", capacity, verdict);
}

/// The offsets that came with the CSV, judged by the validator.
std::string given_line(const PlanCsv& csv) {
  Plan given{.offsets = csv.offsets};
  for (std::size_t i = 0; i < csv.offsets.size(); ++i)
    if (csv.problem.buffers[i].size > 0)
      given.height = std::max(given.height, csv.offsets[i] + csv.problem.buffers[i].size);
  given.proven_minimal = given.height == 0;
  const auto fault = check_plan(csv.problem, given);
  return fmt::format("given        {} ({})\n", given.height, fault ? "wrong: " + *fault : "valid");
}

}  // namespace

PlanReport run_plan(std::string_view csv_text, const PlaceOptions& options) {
  PlanReport report;
  PlanCsv csv = read_plan_csv(csv_text);
  report.errors = std::move(csv.errors);
  if (!report.errors.empty()) return report;
  const auto begin = std::chrono::steady_clock::now();
  report.plan = place(csv.problem, options);
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  if (const auto fault = check_plan(csv.problem, report.plan))
    throw std::logic_error("memory plan: " + *fault);
  report.text = fmt::format("buffers      {}\n", csv.problem.buffers.size());
  if (!csv.offsets.empty()) report.text += given_line(csv);
  report.text +=
      fmt::format("height       {}\nlower bound  {}\n", report.plan.height, report.plan.lower_bound);
  report.text += standing(report.plan);
  if (options.capacity) report.text += capacity_line(report.plan, *options.capacity);
  report.text += fmt::format("steps        {}\ntime         {:.3f} s\nvalidator    valid\n",
                             report.plan.steps, report.seconds);
  report.fits = !options.capacity || report.plan.height <= *options.capacity;
  report.csv = write_plan_csv(csv.problem, report.plan.offsets);
  report.problem = std::move(csv.problem);
  return report;
}

}  // namespace o2m
