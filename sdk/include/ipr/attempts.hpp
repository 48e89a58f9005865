// ipr/attempts.hpp: several trajectories of one policy per task, compared with each other. Header only; for optimizers.
//
//   attempts_.push_back(ipr::sdk::read_attempt(trajectory));                       // in `absorb`
//   for (const auto& [task, group] : ipr::sdk::by_task(attempts_)) …               // once all are in
//
// Value types and pure functions: no host, no model, no state. Results depend only on the arguments, not on their
// order.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "ipr/plugin.hpp"

namespace ipr::sdk {

// A trajectory as the rules see it.
struct Attempt {
  std::uint64_t id = 0;
  std::string task;
  double outcome = 0;
  // What the agent read before each turn. Before the first it is empty: the task's own beginning, equal in all
  // attempts.
  std::vector<std::string> seen;

  [[nodiscard]] std::size_t turn_count() const { return seen.size(); }
};

inline Attempt read_attempt(const ipr_trajectory& trajectory) {
  Attempt attempt;
  attempt.id = trajectory.id;
  attempt.task = text(trajectory.task_id);
  attempt.outcome = trajectory.outcome;
  for (std::size_t i = 0; i < trajectory.turn_count; ++i) {
    attempt.seen.emplace_back(i == 0 ? std::string_view() : text(trajectory.turns[i - 1]->observation));
  }
  return attempt;
}

// The attempts at each task by id; those without a turn are left out. The pointers live as long as `attempts`.
inline std::map<std::string, std::vector<const Attempt*>> by_task(const std::vector<Attempt>& attempts) {
  std::map<std::string, std::vector<const Attempt*>> groups;
  for (const Attempt& attempt : attempts) {
    if (attempt.turn_count() > 0) groups[attempt.task].push_back(&attempt);
  }
  for (auto& [task, group] : groups) {
    std::sort(group.begin(), group.end(), [](const Attempt* a, const Attempt* b) { return a->id < b->id; });
  }
  return groups;
}

// What to play: every task several times from the start, by the policy in training. Reads the settings
// `samples_per_task`, `temperature`, `tasks_per_iteration` (0: all tasks) and `max_new_tokens`. Throws Failure
// (IPR_INVALID_ARGUMENT) where all attempts would be the same; `who` begins the message.
class AttemptPlan {
 public:
  AttemptPlan(const Config& config, const std::string& who)
      : samples_(static_cast<std::uint32_t>(config.integer("samples_per_task"))),
        tasks_per_iteration_(static_cast<std::uint64_t>(config.integer("tasks_per_iteration"))),
        sampling_{sizeof(ipr_sampling),
                  static_cast<std::uint32_t>(config.integer("max_new_tokens")),
                  config.number("temperature"),
                  1.0,
                  0,
                  0} {
    if (sampling_.temperature <= 0) {
      throw Failure(IPR_INVALID_ARGUMENT,
                    who + ": greedy attempts at one task are all the same: set temperature above 0");
    }
  }

  // `out` points into this object.
  void fill(std::uint64_t iteration, ipr_collect& out) const {
    out.source = IPR_COLLECT_FULL;
    out.policy = IPR_POLICY_CURRENT;
    out.samples = samples_;
    out.sampling = &sampling_;
    out.task_offset = iteration * tasks_per_iteration_;
    out.task_limit = tasks_per_iteration_;
  }

 private:
  std::uint32_t samples_;
  std::uint64_t tasks_per_iteration_;
  ipr_sampling sampling_;
};

inline double mean_outcome(const std::vector<Attempt>& attempts) {
  double sum = 0;
  for (const Attempt& attempt : attempts) sum += attempt.outcome;
  return attempts.empty() ? 0 : sum / static_cast<double>(attempts.size());
}

}  // namespace ipr::sdk
