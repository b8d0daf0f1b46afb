// Child processes and temporary folders.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace o2m {

/// A fresh folder below the system's temporary folder, removed with everything in it at the end.
struct TemporaryFolder {
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::filesystem::path path;
};

struct ProcessFiles {
  std::filesystem::path in, out, err;  ///< empty: /dev/null
};

/// Runs argv[0] (searched in PATH) and waits, calling `while_waiting` about ten times a second.
/// Returns its exit status, or 128 + signal. Throws Refusal when it cannot be started.
int run_process(const std::vector<std::string>& argv, const ProcessFiles& files,
                const std::function<void()>& while_waiting = {});

/// Words of a command line separated by blanks; no quoting.
std::vector<std::string> split_words(const std::string& text);

}  // namespace o2m
