// What a person sees while a run works: stage, share done, rate, ETA. One line that is rewritten on a terminal, plain
// lines a few seconds apart elsewhere. Standard error only.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>

namespace ipr::loop {

class ProgressLine {
 public:
  // `quiet`: prints nothing.
  explicit ProgressLine(bool quiet);

  // Begins a stage of `total` units ("goals", "steps", "rollouts"); 0: unknown.
  void begin(const std::string& stage, const std::string& unit, std::uint64_t total);
  // Any thread.
  void update(std::uint64_t done, const std::string& note = {});
  // Ends the stage with a line that stays.
  void finish(const std::string& result);
  // A line of its own between stages.
  void say(const std::string& line);

 private:
  using Clock = std::chrono::steady_clock;
  void print(std::uint64_t done, const std::string& note);
  const bool quiet_, terminal_;
  std::mutex mutex_;
  std::string stage_, unit_;
  std::uint64_t total_ = 0;
  Clock::time_point began_, last_print_, start_;
};

// "42 s", "3 min 05 s".
[[nodiscard]] std::string human_seconds(double seconds);

}  // namespace ipr::loop
