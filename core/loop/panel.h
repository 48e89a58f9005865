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

}  // namespace ipr::loop
