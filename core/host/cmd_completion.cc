#include <cstdio>
#include <cstdlib>

#include "core/host/commands.h"
#include "core/host/completion.h"

namespace ipr::host {
namespace {

Status print(const std::string& text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  return written ? Status() : failed("standard output: cannot write");
}

Status print_words(const CLI::App& app) {
  const char* line = std::getenv("COMP_LINE");
  if (line == nullptr) return usage("completion words: no command line in the variable COMP_LINE");
  std::string text;
  for (const std::string& word : completions(app, line, plugin::find_plugins({}))) text += word + "\n";
  return print(text);
}

}  // namespace

void add_completion(CLI::App& app, Chosen& chosen) {
  CLI::App* group = app.add_subcommand("completion",
                                       "a script for your shell that completes commands, flags, plugins "
                                       "and settings");
  group->require_subcommand(1);
  for (const char* shell : {"bash", "zsh", "fish"}) {
    CLI::App* command = group->add_subcommand(shell, std::string("the script for ") + shell);
    command->callback([shell, &chosen] { chosen.work = [shell] { return print(completion_script(shell)); }; });
  }
  CLI::App* words = group->add_subcommand("words", "what may stand at the end of $COMP_LINE; the scripts ask this");
  words->callback([&app, &chosen] { chosen.work = [&app] { return print_words(app); }; });
}

}  // namespace ipr::host
