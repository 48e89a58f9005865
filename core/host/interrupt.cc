#include "core/host/interrupt.h"

#include <unistd.h>

#include <csignal>

namespace ipr::host {
namespace {

std::atomic<bool> g_stop{false};  // a signal handler can reach nothing else
std::atomic<int> g_exit_code{0};

void on_signal(int signal) {
  const int code = signal == SIGTERM ? 143 : 130;
  if (g_stop.exchange(true)) ::_exit(code);
  g_exit_code = code;
  constexpr char kLine[] = "\nipr-host: stopping at the next safe point; once more ends at once\n";
  (void)!::write(STDERR_FILENO, kLine, sizeof kLine - 1);
}

}  // namespace

const std::atomic<bool>& stop_on_signals() {
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
  return g_stop;
}

int signal_exit_code() {
  return g_exit_code;
}

}  // namespace ipr::host
