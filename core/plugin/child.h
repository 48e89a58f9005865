// Runs a piece of work in a child process of its own, so that a crash, a hang or a stray exit in foreign code is an
// answer and not the end of the host.
#pragma once

#include <functional>
#include <string>

#include "core/base/status.h"

namespace ipr::plugin {

struct ChildLimits {
  int seconds = 10;            // wall clock
  std::size_t memory_mib = 0;  // address space; 0: no limit
};

// Forks; the child runs `work` and its returned text comes back. The child's standard output and error are captured:
// `printed` receives them. Code::kPlugin names the signal, the exit code or the time limit. Call it before the
// process has started other threads.
[[nodiscard]] Result<std::string> run_in_child(const std::function<std::string()>& work, const ChildLimits& limits,
                                               std::string* printed = nullptr);

}  // namespace ipr::plugin
