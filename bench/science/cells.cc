#include "bench/science/cells.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <map>

#include "bench/science/outcome.h"
#include "bench/support/figures.h"
#include "core/base/files.h"

namespace ipr::bench {
namespace {

// The exit code; what the program prints goes to the file. Code::kFailed if it cannot be started.
Result<int> run_to_file(const std::string& program, std::vector<std::string> words, const std::string& file) {
  words.insert(words.begin(), program);
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  ::posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  pid_t child = 0;
  const int error = ::posix_spawn(&child, program.c_str(), &actions, nullptr, pointers.data(), ::environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return failed(program + ": cannot be started: " + std::strerror(error));
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::string last_line(const std::string& file) {
  const Result<std::string> text = read_file(file);
  if (!text.ok()) return "";
  std::string line = *text;
  while (!line.empty() && line.back() == '\n') line.pop_back();
  return line.substr(line.rfind('\n') + 1);
}

std::string minutes(double seconds) {
  char text[32];
  std::snprintf(text, sizeof text, seconds < 100 ? "%.0f s" : "%.0f min", seconds < 100 ? seconds : seconds / 60);
  return text;
}

// Seconds per cell by kind (world, IPR or control), from those that were run; others cost nothing.
class Clock {
 public:
  explicit Clock(const std::vector<Cell>& cells) {
    for (const Cell& cell : cells) ++left_[kind(cell)];
  }
  // It was finished before.
  void skip(const Cell& cell) { --left_[kind(cell)]; }
  void done(const Cell& cell, double seconds) {
    skip(cell);
    auto& [sum, count] = spent_[kind(cell)];
    sum += seconds;
    ++count;
  }
  [[nodiscard]] double eta() const {
    double sum = 0, count = 0, seconds = 0;
    for (const auto& [name, spent] : spent_) sum += spent.first, count += spent.second;
    for (const auto& [name, cells] : left_) {
      const auto own = spent_.find(name);
      seconds += cells * (own != spent_.end() ? own->second.first / own->second.second : sum / count);
    }
    return seconds;
  }

 private:
  static std::string kind(const Cell& cell) { return cell.world + (cell.is_ipr() ? " ipr" : " control"); }
  std::map<std::string, double> left_;
  std::map<std::string, std::pair<double, double>> spent_;  // sum, count
};

}  // namespace

std::string Workshop::folder(const Cell& cell) const {
  return out + "/" + cell.world + "/seed-" + std::to_string(cell.seed) + "/" + cell.arm->name;
}

Status run_cells(const Workshop& workshop, const std::vector<Cell>& cells) {
  Clock clock(cells);
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const Cell& cell = cells[i];
    const std::string folder = workshop.folder(cell);
    std::error_code error;
    std::filesystem::create_directories(std::filesystem::path(folder).parent_path(), error);
    Given given;
    if (!cell.is_ipr()) {
      Cell ipr = cell;
      ipr.arm = &all_arms().front();
      IPR_ASSIGN(given, given_by(workshop.folder(ipr)));
    }
    const bool finished = std::filesystem::exists(folder + "/certificate.json");
    std::vector<std::string> words = words_of(cell, given, workshop.tiny);
    words.insert(words.end(), {"--out", folder});
    const double began = wall_seconds();
    IPR_ASSIGN(const int code, run_to_file(workshop.program, std::move(words), folder + ".txt"));
    if (code != 0) return Status(static_cast<Code>(code), folder + ": " + last_line(folder + ".txt"));
    const double seconds = wall_seconds() - began;
    if (finished) {
      clock.skip(cell);
    } else {
      clock.done(cell, seconds);
      std::fprintf(stderr, "cell %zu of %zu: %s, seed %llu, %s: %s; ETA %s\n", i + 1, cells.size(), cell.world.c_str(),
                   static_cast<unsigned long long>(cell.seed), cell.arm->name.c_str(), minutes(seconds).c_str(),
                   minutes(clock.eta()).c_str());
    }
  }
  return {};
}

}  // namespace ipr::bench
