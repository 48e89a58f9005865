#include "core/host/interrupt.h"

#include <unistd.h>

#include <csignal>

#include "core/base/files.h"

namespace ipr::host {
namespace {

std::atomic<bool> g_stop{false};  // a signal handler can reach nothing else
std::atomic<int> g_exit_code{0};

int code_of(int signal) {
  return signal == SIGTERM ? 143 : 130;
}

void on_signal(int signal) {
  const int code = code_of(signal);
  if (g_stop.exchange(true)) ::_exit(code);
  g_exit_code = code;
  constexpr char kLine[] = "\nipr-host: stopping at the next safe point; once more ends at once\n";
  (void)!::write(STDERR_FILENO, kLine, sizeof kLine - 1);
}

void on_signal_without_work_to_keep(int signal) {
  constexpr char kLine[] = "\nipr-host: interrupted; nothing was written; give the command again to begin anew\n";
  (void)!::write(STDERR_FILENO, kLine, sizeof kLine - 1);
  ::_exit(code_of(signal));
}

}  // namespace

void end_on_signals() {
  std::signal(SIGINT, on_signal_without_work_to_keep);
  std::signal(SIGTERM, on_signal_without_work_to_keep);
}

const std::atomic<bool>& stop_on_signals() {
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
  return g_stop;
}

std::string command_line() {
  const Result<std::string> words = read_file("/proc/self/cmdline");  // each word ends with a zero
  std::string line, word;
  for (const char c : words.ok() ? *words : std::string("ipr-host\0", 9)) {
    if (c != 0) {
      word += c;
      continue;
    }
    const bool plain = word.find_first_not_of(
                           "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                           "-_=./:,@%+") == std::string::npos;
    if (!plain || word.empty()) {
      for (std::size_t at = 0; (at = word.find('\'', at)) != std::string::npos; at += 4) word.replace(at, 1, "'\\''");
      word = "'" + word + "'";
    }
    line += (line.empty() ? "" : " ") + word;
    word.clear();
  }
  return line;
}

int signal_exit_code() {
  return g_exit_code;
}

}  // namespace ipr::host
