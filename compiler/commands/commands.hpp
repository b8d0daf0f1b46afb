// What each subcommand does. Results go to stdout, everything else to stderr. Each returns the exit status.
#pragma once

#include "options.hpp"

namespace o2m {

int compile_command(const Options& options, Diagnostics& diagnostics);
int inspect_command(const Options& options, Diagnostics& diagnostics);
int run_command(const Options& options, Diagnostics& diagnostics);
int validate_command(const Options& options, Diagnostics& diagnostics);
int quantize_command(const Options& options, Diagnostics& diagnostics);
int device_command(const Options& options);
int tune_command(const Options& options);
int plan_command(const Options& options);
int list_ops_command();
int list_targets_command();

}  // namespace o2m
