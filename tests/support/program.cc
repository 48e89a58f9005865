#include "tests/support/program.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <sstream>
#include <stdexcept>

namespace ipr::test {
namespace {

using Clock = std::chrono::steady_clock;

struct Pipe {
  int read_end = -1, write_end = -1;
  Pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error(std::string("pipe: ") + std::strerror(errno));
    read_end = ends[0], write_end = ends[1];
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

std::vector<std::string> environment_of(const Call& call) {
  std::vector<std::string> entries;
  for (char** entry = ::environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (call.variables.count(text.substr(0, text.find('='))) == 0) entries.push_back(text);
  }
  for (const auto& [name, value] : call.variables) entries.push_back(name + "=" + value);
  return entries;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// Between fork and exec: only what is safe there.
[[noreturn]] void be_the_child(const Call& call, char* const* arguments, char* const* variables, const Pipe& in,
                               const Pipe& out, const Pipe& err) {
  ::dup2(in.read_end, STDIN_FILENO);
  ::dup2(out.write_end, STDOUT_FILENO);
  ::dup2(err.write_end, STDERR_FILENO);
  if (!call.folder.empty() && ::chdir(call.folder.c_str()) != 0) ::_exit(126);
  if (call.largest_file > 0) {
    const rlimit limit{call.largest_file, call.largest_file};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    std::signal(SIGXFSZ, SIG_IGN);  // then a write beyond it fails, as on a full disk
  }
  ::execvpe(call.program.c_str(), arguments, variables);
  ::_exit(127);
}

// False at the end of the stream.
bool drain(int fd, std::string& into) {
  std::array<char, 1 << 14> buffer;
  const ssize_t n = ::read(fd, buffer.data(), buffer.size());
  if (n > 0) into.append(buffer.data(), static_cast<std::size_t>(n));
  return n > 0 || (n < 0 && errno == EINTR);
}

// Feeds what fits; false when all is written or nobody reads any more.
bool feed(int fd, const std::string& input, std::size_t& at) {
  const ssize_t n = ::write(fd, input.data() + at, input.size() - at);
  if (n > 0) at += static_cast<std::size_t>(n);
  return at < input.size() && (n > 0 || errno == EINTR || errno == EAGAIN);
}

// Talks with the child until it closes its output or its time is over.
void converse(const Call& call, pid_t child, Pipe& in, Pipe& out, Pipe& err, Ended& ended) {
  const auto start = Clock::now();
  const auto deadline = start + std::chrono::seconds(call.seconds);
  bool killed = call.kill_after <= 0;
  ::fcntl(in.write_end, F_SETFL, O_NONBLOCK);
  std::size_t fed = 0;
  bool signalled = false;
  if (call.input.empty()) Pipe::close_end(in.write_end);
  while (out.read_end >= 0 || err.read_end >= 0) {
    if (!killed && std::chrono::duration<double>(Clock::now() - start).count() >= call.kill_after) {
      killed = true;
      ::kill(child, SIGKILL);
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) {
      ended.timed_out = true;
      ::kill(child, SIGKILL);
      return;
    }
    std::array<pollfd, 3> watched = {pollfd{out.read_end, POLLIN, 0}, pollfd{err.read_end, POLLIN, 0},
                                     pollfd{in.write_end, POLLOUT, 0}};
    const int patience = static_cast<int>(killed ? left : std::min<decltype(left)>(left, 10));
    if (::poll(watched.data(), watched.size(), patience) < 0 && errno != EINTR) return;
    if (watched[0].revents != 0 && !drain(out.read_end, ended.out)) Pipe::close_end(out.read_end);
    if (watched[1].revents != 0 && !drain(err.read_end, ended.err)) Pipe::close_end(err.read_end);
    if (watched[2].revents != 0 && !feed(in.write_end, call.input, fed)) Pipe::close_end(in.write_end);
    if (call.signal != 0 && !signalled && ended.err.find(call.signal_at) != std::string::npos) {
      signalled = true;
      ::kill(child, call.signal);
    }
  }
}

}  // namespace

std::vector<std::string> Ended::error_lines() const {
  std::vector<std::string> lines;
  std::istringstream stream(err);
  for (std::string line; std::getline(stream, line);) {
    if (line.starts_with("ipr-host: ")) lines.push_back(line);
  }
  return lines;
}

Ended run_program(const Call& call) {
  std::signal(SIGPIPE, SIG_IGN);  // a program that does not read its input is an answer, not our end
  std::vector<std::string> words = {call.program}, entries = environment_of(call);
  words.insert(words.end(), call.arguments.begin(), call.arguments.end());
  const std::vector<char*> arguments = pointers_to(words), variables = pointers_to(entries);
  Pipe in, out, err;
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error(std::string("fork: ") + std::strerror(errno));
  if (child == 0) be_the_child(call, arguments.data(), variables.data(), in, out, err);
  Pipe::close_end(in.read_end);
  Pipe::close_end(out.write_end);
  Pipe::close_end(err.write_end);
  Ended ended;
  converse(call, child, in, out, err, ended);
  int state = 0;
  while (::waitpid(child, &state, 0) < 0 && errno == EINTR) {
  }
  if (WIFSIGNALED(state)) ended.signal = WTERMSIG(state);
  if (WIFEXITED(state)) ended.exit_code = WEXITSTATUS(state);
  if (ended.exit_code == 127 && ended.err.empty()) throw std::runtime_error(call.program + ": cannot be started");
  return ended;
}

Call Workplace::call(std::vector<std::string> arguments, std::string input) const {
  Call made;
  made.program = IPR_HOST_PROGRAM;
  made.arguments = std::move(arguments);
  made.input = std::move(input);
  made.folder = path();
  made.variables = {{"HOME", path()},
                    {"XDG_CACHE_HOME", path() + "/cache"},
                    {"XDG_DATA_HOME", path() + "/share"},
                    {"IPR_PLUGIN_PATH", ""}};
  return made;
}

Ended Workplace::host(std::vector<std::string> arguments, std::string input) const {
  return run_program(call(std::move(arguments), std::move(input)));
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::vector<Json> json_lines(const std::string& text) {
  std::vector<Json> values;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) values.push_back(Json::parse(line));
  return values;
}

}  // namespace ipr::test
