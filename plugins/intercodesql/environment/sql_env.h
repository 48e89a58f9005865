// InterCode's core environment, `SqlEnv`: it takes bare statements or `submit`, keeps the last observation and pays for
// it. Below it lies the SQL engine, above it an adapter that reads an agent's messages.
//
// Unlike the original: every episode begins on the pristine databases, and the gold rows are those of the pristine
// databases, whatever the agent has written. A copy is a fork. One caller at a time; what SqlWorld points to must
// outlive it.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "data.h"
#include "engine/connection.h"
#include "environment/gold.h"
#include "environment/observation.h"
#include "environment/reward.h"

namespace intercodesql {

// What all episodes share.
struct SqlWorld {
  const Server* server = nullptr;
  const TaskSet* tasks = nullptr;
  const GoldRows* gold = nullptr;
  RewardMode mode = RewardMode::kIou;
};

class SqlEnv {
 public:
  explicit SqlEnv(const SqlWorld& world);

  // Begins a task. `seed` decides RAND and its like.
  void reset(std::uint32_t task, std::uint64_t seed);

  struct Result {
    bool executed = true;    // false: the statement failed, the observation is its error
    bool submitted = false;  // the action was exactly `submit`; the observation stays
    double reward = 0;       // paid at submit
  };
  // One statement, or `submit`. Of several statements the first is run and the observation is an error that says so.
  // Goes on after a submit, as the original does.
  Result step(std::string_view action);

  [[nodiscard]] const SqlTask& task() const { return world_->tasks->tasks()[task_]; }
  [[nodiscard]] std::uint32_t task_number() const { return task_; }
  [[nodiscard]] const Observation& observation() const { return *shown_; }
  // What submit would pay now: 0 where the observation is no rows.
  [[nodiscard]] double reward_now() const;
  // Does the task's gold statement fail?
  [[nodiscard]] bool gold_refused() const { return world_->gold->of(task_).refused; }

  // A hash of all that decides what later actions show and pay; never 0. Statements that may have changed something
  // (USE, SET, writes, user variables, RAND) count by their text and order: two ways to one state are told apart.
  [[nodiscard]] std::uint64_t fingerprint() const;

 private:
  const SqlWorld* world_;
  Connection connection_;
  std::uint32_t task_ = 0;
  std::uint64_t changes_ = 0;                 // hash of the seed and of the statements that may have changed something
  std::shared_ptr<const Observation> shown_;  // shared with forks
};

}  // namespace intercodesql
