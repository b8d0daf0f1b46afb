#include "host/process.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <sstream>

#include "diagnostics.hpp"

extern char** environ;

namespace o2m {

namespace fs = std::filesystem;

TemporaryFolder::TemporaryFolder() {
  std::string pattern = (fs::temp_directory_path() / "onnx2mcu-XXXXXX").string();
  if (!::mkdtemp(pattern.data()))
    refuse("cannot make a temporary folder {}: {}", pattern, std::strerror(errno));
  path = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(path, ignored);
}

std::vector<std::string> split_words(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

int run_process(const std::vector<std::string>& argv, const ProcessFiles& files,
                const std::function<void()>& while_waiting) {
  const auto name = [](const fs::path& p) { return p.empty() ? std::string("/dev/null") : p.string(); };
  const std::string in = name(files.in), out = name(files.out), err = name(files.err);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, in.c_str(), O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_addopen(&actions, 2, err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  std::vector<char*> pointers;
  for (const std::string& word : argv) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  pid_t child = 0;
  const int failure = ::posix_spawnp(&child, pointers[0], &actions, nullptr, pointers.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failure) refuse("cannot run {}: {}", argv[0], std::strerror(failure));
  int status = 0;
  while (true) {
    const pid_t done = ::waitpid(child, &status, while_waiting ? WNOHANG : 0);
    if (done == child) break;
    if (done < 0 && errno != EINTR) refuse("waiting for {}: {}", argv[0], std::strerror(errno));
    if (while_waiting) {
      while_waiting();
      ::usleep(20'000);
    }
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace o2m
