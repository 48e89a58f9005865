// Runs a program as a user would: arguments in, exit code and text out.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/support/shared_data.h"

namespace ipr::test {

// What a program left behind when it ended.
struct Ended {
  int exit_code = -1;  // of a normal end; -1 if a signal ended it
  int signal = 0;      // that ended it
  bool timed_out = false;
  std::string out, err;

  // The lines of standard error that begin with "ipr-host: ".
  [[nodiscard]] std::vector<std::string> error_lines() const;
};

struct Call {
  std::string program;  // a path, or a name to be looked for
  std::vector<std::string> arguments;
  std::string input;                             // standard input
  std::string folder;                            // working folder; empty: this one's
  std::map<std::string, std::string> variables;  // added to, and replacing, this process's environment
  int seconds = 600;                             // then it is killed
  std::size_t largest_file = 0;                  // bytes of any file it may write; 0: no limit
  std::string signal_at;                         // text on standard error at which `signal` is sent
  int signal = 0;
  double kill_after = 0;  // seconds after its start at which it is killed (SIGKILL); 0: never
};

// Never throws for what the program does; throws if it cannot be started.
[[nodiscard]] Ended run_program(const Call& call);

// A user's workplace: an empty folder, which is also the home and the cache, and ipr-host called from within it.
class Workplace {
 public:
  [[nodiscard]] const std::string& path() const { return folder_.path(); }
  [[nodiscard]] std::string file(const std::string& name) const { return folder_.file(name); }
  // A call of ipr-host that is ready to be changed.
  [[nodiscard]] Call call(std::vector<std::string> arguments, std::string input = {}) const;
  [[nodiscard]] Ended host(std::vector<std::string> arguments, std::string input = {}) const;

 private:
  TempFolder folder_;
};

[[nodiscard]] bool contains(const std::string& text, const std::string& part);

// JSON lines as values. Throws on a line that is no JSON.
[[nodiscard]] std::vector<Json> json_lines(const std::string& text);

}  // namespace ipr::test
