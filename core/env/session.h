// An agent's episode in chat messages: parse, step, count, end. The one place where the ReAct wrapper's rules live,
// used by rollouts, experts, trivial agents and replay alike (webshop.md section 9).
//
// Every message of the agent uses up a step, also one that cannot be parsed. The episode is finished when the
// environment says so (terminated; success also at the last step), or when `max_steps` messages are used up.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "core/env/environment.h"

namespace ipr::env {

inline constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

// Why an episode ended (product.md section 3).
enum class ExitStatus { kOk, kInvalidFormat, kMaxSteps, kContextOverflow, kEnvError, kPolicyError, kTimeout };
[[nodiscard]] const char* exit_status_name(ExitStatus status);
[[nodiscard]] Result<ExitStatus> exit_status_from_name(const std::string& name);
// Infrastructure failures are retried and reported, never scored.
[[nodiscard]] constexpr bool is_infrastructure(ExitStatus status) {
  return status == ExitStatus::kEnvError || status == ExitStatus::kPolicyError || status == ExitStatus::kTimeout;
}

// One exchange: what the agent said and what came back.
struct Turn {
  std::string message;      // the agent's whole text
  std::string action;       // what was stepped; empty if not parsed
  std::string observation;  // the user message that followed
  std::string info_json;    // of the step
  double reward = 0;
  double progress = kNone;
  std::uint32_t flags = 0;  // IPR_STEP_*, INVALID also where the message could not be parsed
  bool parsed = false;
};

class Session {
 public:
  // Resets a fresh episode. `max_steps` 0: the task's or the environment's own.
  [[nodiscard]] static Result<Session> start(const Environment& environment, const Task& task, std::uint64_t seed,
                                             int max_steps);

  // The task message, which follows the environment's prompt.
  [[nodiscard]] const std::string& first_message() const { return first_message_; }
  // Precondition: not finished().
  [[nodiscard]] Result<Turn> say(std::string_view message);
  // The message by which the expert would go on; empty if there is no expert here.
  [[nodiscard]] Result<std::string> expert_message();
  // The message for a bare action.
  [[nodiscard]] Result<std::string> compose(std::string_view action, std::string_view thought = {});
  // A copy that plays on independently, replaying `turns` where the environment cannot fork. Code::kData if a replayed
  // observation differs.
  [[nodiscard]] Result<Session> fork(const std::vector<Turn>& turns) const;

  [[nodiscard]] bool finished() const { return finished_; }
  [[nodiscard]] int steps() const { return steps_; }
  [[nodiscard]] double outcome() const { return outcome_; }  // if the episode stopped here
  [[nodiscard]] bool terminated() const { return (flags_ & IPR_STEP_TERMINATED) != 0; }
  [[nodiscard]] bool truncated() const { return finished_ && !terminated(); }
  [[nodiscard]] bool success() const { return terminated() && (flags_ & IPR_STEP_SUCCESS) != 0; }
  [[nodiscard]] ExitStatus exit_status() const { return exit_status_; }
  [[nodiscard]] const std::string& stats_json() const { return stats_json_; }  // of the last step; may be empty
  [[nodiscard]] const Step& last_step() const { return last_step_; }           // views: until the next call
  [[nodiscard]] Episode& episode() { return episode_; }
  [[nodiscard]] const Task& task() const { return task_; }
  [[nodiscard]] const Environment& environment() const { return *environment_; }  // the task's own

 private:
  Session(const Environment& environment, Task task, std::uint64_t seed, Episode episode);
  const Environment* environment_;
  Task task_;
  std::uint64_t seed_;
  Episode episode_;
  std::string first_message_, stats_json_;
  Step last_step_;
  int steps_ = 0, max_steps_ = 0;
  bool finished_ = false;
  double outcome_ = 0;
  std::uint32_t flags_ = 0;
  ExitStatus exit_status_ = ExitStatus::kOk;
};

}  // namespace ipr::env
