// The tasks of one role in a run.
#pragma once

#include <string>
#include <vector>

#include "core/env/environment.h"

namespace ipr::loop {

// In split order.
struct Panel {
  std::string role;  // "train", "dev", "test"
  std::vector<env::Task> tasks;
  std::vector<std::string> splits;  // of each task
};

// Which of an environment's tasks a run uses.
struct TaskChoice {
  int limit_train = 0, limit_test = 0;  // tasks of each environment (limit_test: of dev and test each); 0: all
  // By the family that the environment gives a task; empty: all. What is trained on is also what the iteration is
  // chosen on: dev has the train families, test those of `test_families`.
  std::vector<std::string> train_families, test_families;
};

// Code::kUsage names a family that no task of the role has, with the known ones; dev may lack some.
[[nodiscard]] Result<Panel> make_panel(const env::Environment& environment, std::uint32_t role,
                                       const TaskChoice& choice);

}  // namespace ipr::loop
