// Output files appear complete or not at all: every file is written beside its destination under a temporary
// name, and only when all are on disk are they renamed.

#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "compile.hpp"

namespace o2m {
namespace {

namespace fs = std::filesystem;

void write_file(const fs::path& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(text.data(), static_cast<std::streamsize>(text.size()));
  out.close();
  if (!out) refuse("cannot write {}", path.string());
}

}  // namespace

void write_files(const fs::path& folder, const GeneratedFiles& files) {
  std::vector<std::pair<fs::path, fs::path>> pending;  // temporary, final
  std::vector<fs::path> made;                          // folders that were not there before
  try {
    for (const auto& [name, text] : files) {
      const fs::path path = folder / name;
      for (fs::path missing = path.parent_path(); !missing.empty() && !fs::exists(missing);
           missing = missing.parent_path())
        made.push_back(missing);
      if (path.has_parent_path()) fs::create_directories(path.parent_path());
      if (fs::is_directory(path)) refuse("cannot write {}: it is a directory", path.string());
      fs::path temporary = path;
      temporary += fmt::format(".{}.tmp", ::getpid());
      pending.emplace_back(temporary, path);
      write_file(temporary, text);
    }
    for (const auto& [temporary, path] : pending) fs::rename(temporary, path);
  } catch (const std::exception& fault) {
    std::error_code ignored;
    for (const auto& [temporary, path] : pending) fs::remove(temporary, ignored);
    std::sort(made.begin(), made.end(),
              [](const fs::path& a, const fs::path& b) { return a.native().size() > b.native().size(); });
    for (const fs::path& path : made) fs::remove(path, ignored);  // removes only what is empty
    if (const auto* system = dynamic_cast<const fs::filesystem_error*>(&fault))
      refuse("cannot write {}: {}", system->path1().string(), system->code().message());
    throw;
  }
}

}  // namespace o2m
