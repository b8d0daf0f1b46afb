#include <fstream>
#include <iostream>
#include <sstream>

#include "commands/commands.hpp"
#include "plan/report.hpp"

namespace o2m {

int plan_command(const Options& o) {
  std::ifstream in(o.compile.model, std::ios::binary);
  std::ostringstream text;
  if (!in || std::filesystem::is_directory(o.compile.model) || !(text << in.rdbuf()))
    refuse("cannot read the file");
  PlaceOptions options;
  options.step_limit = 2'000'000;
  if (o.capacity > 0) options.capacity = o.capacity;
  if (o.plan_seconds > 0) options.seconds = o.plan_seconds;
  const PlanReport report = run_plan(text.view(), options);
  if (!report.errors.empty()) {
    std::vector<Diagnostic> errors;
    for (const std::string& error : report.errors) errors.push_back({"", error, {}, ""});
    throw Refused(errors);
  }
  if (!o.plan_output.empty())
    write_files(o.plan_output.parent_path(), {{o.plan_output.filename().string(), report.csv}});
  std::cout << report.text;
  return report.fits ? 0 : 1;
}

}  // namespace o2m
