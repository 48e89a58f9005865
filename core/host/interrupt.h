// Ctrl-C and SIGTERM: the first asks the work to stop at the next unit, the second ends the process at once.
#pragma once

#include <atomic>

namespace ipr::host {

// Installs the handlers; the flag is set by the first signal.
[[nodiscard]] const std::atomic<bool>& stop_on_signals();

// 130 after SIGINT, 143 after SIGTERM, 0 without.
[[nodiscard]] int signal_exit_code();

}  // namespace ipr::host
