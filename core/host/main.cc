// ipr-host: parse, do, answer with one line per error and the exit code of product.md section 2.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/strings.h"
#include "core/host/commands.h"
#include "core/host/interrupt.h"
#include "core/host/options.h"

namespace {

// The names of an App's commands.
std::vector<std::string> commands_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(command->get_name());
  return names;
}

// `ipr-host --env webshop` means `ipr-host run --env webshop`.
std::vector<std::string> with_default_command(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  constexpr std::array kOwn = {"--help", "-h", "--version"};
  const bool own = words.empty() || std::find(kOwn.begin(), kOwn.end(), words[0]) != kOwn.end();
  if (!own && words[0].starts_with('-')) words.insert(words.begin(), "run");
  return words;
}

// The exit code; an interruption answers with the number of its signal.
int report(const ipr::Status& status) {
  if (!status.ok()) std::fprintf(stderr, "ipr-host: %s\n", status.message().c_str());
  if (status.code() == ipr::Code::kInterrupted && ipr::host::signal_exit_code() != 0)
    return ipr::host::signal_exit_code();
  return static_cast<int>(status.code());
}

// CLI11's error, with the nearest flag where one is misspelt.
ipr::Status usage_error(const CLI::App& app, const std::vector<std::string>& words, const CLI::Error& error) {
  std::vector<std::string> known;
  const CLI::App* command = &app;
  for (const std::string& word : words) {  // the innermost subcommand named
    for (const CLI::App* sub : command->get_subcommands([](const CLI::App*) { return true; })) {
      if (sub->get_name() == word) {
        command = sub;
        break;
      }
    }
  }
  std::string path;
  for (const CLI::App* at = command; at != &app; at = at->get_parent()) path = at->get_name() + " " + path;
  const std::string help = "; see `ipr-host " + path + "--help`";
  for (const CLI::Option* option : command->get_options()) known.push_back(option->get_name());
  for (const std::string& word : words) {
    const std::string flag = word.substr(0, word.find('='));
    if (!flag.starts_with("--") || std::find(known.begin(), known.end(), flag) != known.end()) continue;
    return ipr::usage("unknown flag \"" + flag + "\"" + ipr::did_you_mean(flag, known) + help);
  }
  const std::vector<std::string> inner = commands_of(*command);
  const auto at = std::find(words.begin(), words.end(), command->get_name());
  if (command == &app || inner.empty() || at == words.end()) return ipr::usage(std::string(error.what()) + help);
  if (at + 1 == words.end() || at[1].starts_with('-'))
    return ipr::usage(path + "needs one of " + ipr::join(inner, ", ") + help);
  return ipr::usage("unknown command \"" + path + at[1] + "\"" + ipr::did_you_mean(at[1], inner) + help);
}

// Does the command's work. What it printed must have arrived: a full disk behind standard output is an error. A reader
// that has had enough (`ipr-host … | head`) is none.
ipr::Status answer(const std::function<ipr::Status()>& work) {
  try {
    const ipr::Status status = work();
    const bool printed = std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
    struct stat output {};
    const bool piped = ::fstat(STDOUT_FILENO, &output) == 0 && S_ISFIFO(output.st_mode);
    if (!status.ok() || printed || piped) return status;
    return ipr::failed("standard output: cannot write; free space or write elsewhere");
  } catch (const std::exception& error) {  // what no library boundary has turned into a Status
    return ipr::failed(std::string("internal error: ") + error.what() + "; please report it with the command");
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // `ipr-host … | head` ends by a write error, not by a signal
  CLI::App app("LLM-agent training and evaluation: environments, scorers and optimizers as plugins", "ipr-host");
  app.set_version_flag("--version", "ipr-host " IPR_VERSION);
  app.require_subcommand(1);
  app.footer(
      "`ipr-host --env E --scorer S` is short for `ipr-host run …`. `ipr-host COMMAND --help` explains a command.");
  ipr::host::Chosen chosen;
  ipr::host::add_run(app, chosen);
  ipr::host::add_eval(app, chosen);
  ipr::host::add_collect(app, chosen);
  ipr::host::add_train(app, chosen);
  ipr::host::add_train_scorer(app, chosen);
  ipr::host::add_score(app, chosen);
  ipr::host::add_replay(app, chosen);
  ipr::host::add_play(app, chosen);
  ipr::host::add_model(app, chosen);
  ipr::host::add_study(app, chosen);
  ipr::host::add_leaderboard(app, chosen);
  ipr::host::add_report(app, chosen);
  ipr::host::add_analyze(app, chosen);
  ipr::host::add_case_study(app, chosen);
  ipr::host::add_export(app, chosen);
  ipr::host::add_verify(app, chosen);
  ipr::host::add_plugin(app, chosen);
  ipr::host::add_doctor(app, chosen);
  ipr::host::add_completion(app, chosen);
  ipr::host::add_variables(app);

  std::vector<std::string> words = with_default_command(argc, argv);
  if (words.empty()) {
    std::fputs(app.help().c_str(), stdout);
    return 0;
  }
  const std::vector<std::string> known = commands_of(app);
  if (!words[0].starts_with('-') && std::find(known.begin(), known.end(), words[0]) == known.end()) {
    return report(ipr::usage("unknown command \"" + words[0] + "\"" + ipr::did_you_mean(words[0], known) +
                             "; see `ipr-host --help`"));
  }
  std::vector<std::string> reversed(words.rbegin(), words.rend());  // CLI11 takes a vector last word first
  try {
    app.parse(reversed);
  } catch (const CLI::Success& success) {  // --help, --version
    return app.exit(success);
  } catch (const CLI::Error& error) {
    return report(usage_error(app, words, error));
  }
  return report(answer(chosen.work));
}
