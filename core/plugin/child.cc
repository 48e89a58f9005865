#include "core/plugin/child.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>

namespace ipr::plugin {
namespace {

struct Pipe {
  int read_end = -1, write_end = -1;
  Pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) == 0) read_end = ends[0], write_end = ends[1];
  }
  ~Pipe() {
    close_end(read_end);
    close_end(write_end);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  static void close_end(int& fd) {
    if (fd >= 0) ::close(fd);
    fd = -1;
  }
};

[[noreturn]] void be_the_child(const std::function<std::string()>& work, const ChildLimits& limits, const Pipe& answer,
                               const Pipe& output) {
  ::dup2(output.write_end, STDOUT_FILENO);
  ::dup2(output.write_end, STDERR_FILENO);
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  if (limits.memory_mib > 0) {
    const rlimit memory{limits.memory_mib << 20, limits.memory_mib << 20};
    ::setrlimit(RLIMIT_AS, &memory);
  }
  const std::string text = work();
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t n = ::write(answer.write_end, text.data() + at, text.size() - at);
    if (n <= 0 && errno != EINTR) break;
    if (n > 0) at += static_cast<std::size_t>(n);
  }
  ::_exit(0);
}

// Appends what is there; false at the end of the stream.
bool drain(int fd, std::string& into) {
  char buffer[1 << 14];
  const ssize_t n = ::read(fd, buffer, sizeof buffer);
  if (n > 0) into.append(buffer, static_cast<std::size_t>(n));
  return n > 0 || (n < 0 && errno == EINTR);
}

}  // namespace

Result<std::string> run_in_child(const std::function<std::string()>& work, const ChildLimits& limits,
                                 std::string* printed) {
  Pipe answer, output;
  const pid_t child = ::fork();
  if (child < 0) return failed(std::string("cannot start a child process: ") + std::strerror(errno));
  if (child == 0) be_the_child(work, limits, answer, output);
  Pipe::close_end(answer.write_end);
  Pipe::close_end(output.write_end);

  using Clock = std::chrono::steady_clock;
  const auto deadline = Clock::now() + std::chrono::seconds(limits.seconds);
  std::string text, noise;
  bool timed_out = false;
  while (answer.read_end >= 0 || output.read_end >= 0) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) {
      timed_out = true;
      ::kill(child, SIGKILL);
      break;
    }
    pollfd watched[2] = {{answer.read_end, POLLIN, 0}, {output.read_end, POLLIN, 0}};
    if (::poll(watched, 2, static_cast<int>(left)) < 0 && errno != EINTR) break;
    if (watched[0].revents != 0 && !drain(answer.read_end, text)) Pipe::close_end(answer.read_end);
    if (watched[1].revents != 0 && !drain(output.read_end, noise)) Pipe::close_end(output.read_end);
  }
  int state = 0;
  while (::waitpid(child, &state, 0) < 0 && errno == EINTR) {
  }
  if (printed != nullptr) *printed = noise;
  if (timed_out) return plugin_error("did not end within " + std::to_string(limits.seconds) + " s");
  if (WIFSIGNALED(state)) return plugin_error(std::string("crashed: ") + ::strsignal(WTERMSIG(state)));
  if (WEXITSTATUS(state) != 0) return plugin_error("exited with code " + std::to_string(WEXITSTATUS(state)));
  return text;
}

}  // namespace ipr::plugin
