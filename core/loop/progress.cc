#include "core/loop/progress.h"

#include <unistd.h>

#include <cmath>
#include <cstdio>

namespace ipr::loop {
namespace {
double seconds_since(std::chrono::steady_clock::time_point then) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - then).count();
}
}  // namespace

std::string human_seconds(double seconds) {
  const auto whole = static_cast<long>(std::lround(seconds));
  char text[48];
  if (whole < 100) {
    std::snprintf(text, sizeof text, seconds < 10 ? "%.1f s" : "%.0f s", seconds);
  } else {
    std::snprintf(text, sizeof text, "%ld min %02ld s", whole / 60, whole % 60);
  }
  return text;
}

ProgressLine::ProgressLine(bool quiet) : quiet_(quiet), terminal_(::isatty(STDERR_FILENO) == 1), start_(Clock::now()) {}

void ProgressLine::begin(const std::string& stage, const std::string& unit, std::uint64_t total) {
  const std::lock_guard lock(mutex_);
  stage_ = stage;
  unit_ = unit;
  total_ = total;
  began_ = last_print_ = Clock::now();
}

void ProgressLine::update(std::uint64_t done, const std::string& note) {
  const std::lock_guard lock(mutex_);
  if (quiet_ || stage_.empty() || seconds_since(last_print_) < (terminal_ ? 0.2 : 5.0)) return;
  last_print_ = Clock::now();
  print(done, note);
}

void ProgressLine::print(std::uint64_t done, const std::string& note) {
  const double seconds = seconds_since(began_);
  const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
  std::string line = stage_ + "  " + std::to_string(done);
  char part[96];
  if (total_ > 0) {
    std::snprintf(part, sizeof part, "/%llu %s (%.0f %%)", static_cast<unsigned long long>(total_), unit_.c_str(),
                  100.0 * static_cast<double>(done) / static_cast<double>(total_));
  } else {
    std::snprintf(part, sizeof part, " %s", unit_.c_str());
  }
  line += part;
  std::snprintf(part, sizeof part, "  %.1f/s", rate);
  line += part;
  if (total_ > done && rate > 0) line += "  ETA " + human_seconds(static_cast<double>(total_ - done) / rate);
  if (!note.empty()) line += "  " + note;
  std::fprintf(stderr, terminal_ ? "\r\x1b[K%s" : "%s\n", line.c_str());
  std::fflush(stderr);
}

void ProgressLine::finish(const std::string& result) {
  const std::lock_guard lock(mutex_);
  if (!quiet_) {
    std::fprintf(stderr, "%s%s  %s  in %s (total %s)\n", terminal_ ? "\r\x1b[K" : "", stage_.c_str(), result.c_str(),
                 human_seconds(seconds_since(began_)).c_str(), human_seconds(seconds_since(start_)).c_str());
  }
  stage_.clear();
}

void ProgressLine::say(const std::string& line) {
  const std::lock_guard lock(mutex_);
  if (!quiet_) std::fprintf(stderr, "%s%s\n", terminal_ ? "\r\x1b[K" : "", line.c_str());
}

}  // namespace ipr::loop
