// Ctrl-C and SIGTERM: the first asks the work to stop at the next unit, the second ends the process at once.
#pragma once

#include <atomic>
#include <string>

namespace ipr::host {

// Installs the handlers; the flag is set by the first signal.
[[nodiscard]] const std::atomic<bool>& stop_on_signals();

// For a command that keeps nothing before its end: the first signal already ends the process, with the code below.
void end_on_signals();

// 130 after SIGINT, 143 after SIGTERM, 0 without.
[[nodiscard]] int signal_exit_code();

// This process's own command, quoted for a shell: what the user may type to go on.
[[nodiscard]] std::string command_line();

}  // namespace ipr::host
