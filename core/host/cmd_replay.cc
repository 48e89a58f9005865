#include <cstdio>
#include <iostream>
#include <memory>

#include "core/env/replay.h"
#include "core/host/commands.h"
#include "core/host/setup.h"

namespace ipr::host {
namespace {

struct ReplayCommand {
  Options options;
  bool history = false;

  Status run() {
    IPR_ASSIGN(const MadeEnvironment made, make_only_environment(options));
    env::ReplayOptions replay{options.max_steps, history};
    std::size_t line_number = 0;
    for (std::string line; std::getline(std::cin, line);) {
      ++line_number;
      if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
      const Result<Json> input = parse_json_line(line, "input line " + std::to_string(line_number));
      // A line that is no JSON is a case that cannot run: it is answered, and the others still run.
      const Json answer = input.ok() ? env::replay_case(*made.environment, *input, replay)
                                     : env::replay_case(*made.environment, Json(), replay, input.status());
      const std::string text = dump_line(answer) + "\n";
      if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size())
        return failed("standard output: cannot write");
    }
    return std::fflush(stdout) == 0 ? Status() : failed("standard output: cannot write");
  }
};

}  // namespace

void add_replay(CLI::App& app, Chosen& chosen) {
  auto state = std::make_shared<ReplayCommand>();  // shared with the callback, which outlives this function
  CLI::App* command =
      app.add_subcommand("replay", "play given actions and print the transcript; JSONL in, JSONL out, no model");
  add_flags(*command, state->options,
            {"env", "data", "max-steps", "set", "prompts", "plugin-path", "config", "threads", "verbose"});
  command->add_flag("--history", state->history, "add the chat an agent would see");
  command->callback([state, command, &chosen] {
    chosen.work = [state, command]() -> Status {
      IPR_TRY(finish_options(*command, state->options));
      return state->run();
    };
  });
}

}  // namespace ipr::host
