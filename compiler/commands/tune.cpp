// onnx2mcu tune MODEL --target T: the fastest form of every layer's code, found in the simulator.

#include "tune/tune.hpp"

#include "commands/commands.hpp"
#include "commands/progress.hpp"

namespace o2m {
namespace {

std::string form_text(const CodeForm& form) {
  if (!form.blocked) return "plain loops";
  return form.unroll == all_steps
             ? "all steps written out"
             : fmt::format("{} step{} in one piece", form.unroll, form.unroll == 1 ? "" : "s");
}

}  // namespace

int tune_command(const Options& o) {
  if (o.compile.target->banks.empty()) refuse("tune needs a chip: --target f103, f446 or h750");
  Progress progress("tune");
  const TuneResult result = tune(o.compile, [&](int done, int all) { progress(done, all); });
  const std::filesystem::path file =
      o.compile.tuning.empty() ? default_tuning_file(o.compile) : o.compile.tuning;
  write_files(file.parent_path(), {{file.filename().string(), tuning_text(o.compile, result.layers)}});
  for (const auto& [layer, tuned] : result.layers)
    fmt::print("{:<28} {:>11.0f} cycles  {}\n", layer, tuned.cycles, form_text(tuned.form));
  fmt::print("{}: {:.0f} cycles an inference, {:.0f} as the cost model chooses\n", file.string(),
             result.after, result.before);
  return 0;
}

}  // namespace o2m
