#include <cstdio>
#include <iostream>
#include <memory>

#include "core/env/replay.h"
#include "core/env/session.h"
#include "core/host/commands.h"
#include "core/host/setup.h"

namespace ipr::host {
namespace {

struct PlayCommand {
  Options options;
  std::string task;
  std::uint64_t index = 0;

  Status run() {
    IPR_ASSIGN(const MadeEnvironment made, make_only_environment(options));
    const env::Environment& environment = *made.environment;
    IPR_ASSIGN(
        const env::Task chosen,
        env::resolve_task(environment, task.empty() ? Json{{"split", options.split}, {"index", index}} : Json(task)));
    IPR_ASSIGN(env::Session session, env::Session::start(environment, chosen, options.seed, options.max_steps));
    std::printf("task %s\n%s\n\n", chosen.id.c_str(), session.first_message().c_str());
    std::printf(
        "Type an action; `?` lists the valid ones, `expert` plays the expert's, `quit` or an empty line ends.\n");
    while (!session.finished()) {
      std::printf("> ");
      std::fflush(stdout);
      std::string line;
      if (!std::getline(std::cin, line) || line.empty() || line == "quit") break;
      if (line == "?") {
        IPR_TRY(list_actions(session));
        continue;
      }
      std::string message;
      if (line == "expert") {
        IPR_ASSIGN(message, session.expert_message());
        if (message.empty()) {
          std::printf("(no expert action here)\n");
          continue;
        }
        std::printf("%s\n", message.c_str());
      } else {
        IPR_ASSIGN(message, session.compose(line));
      }
      IPR_ASSIGN(const env::Turn turn, session.say(message));
      std::printf("%s\n", turn.observation.c_str());
      if (turn.progress == turn.progress) std::printf("(progress %.3f)\n", turn.progress);
    }
    std::printf("\nreward %.4f, %d steps, %s\n", session.outcome(), session.steps(),
                session.finished() ? (session.success() ? "success" : "ended") : "not finished");
    return {};
  }

  static Status list_actions(env::Session& session) {
    IPR_ASSIGN(const auto actions, session.episode().actions());
    if (!actions) {
      std::printf("(free text)\n");
      return {};
    }
    for (const std::string& action : *actions) std::printf("  %s\n", action.c_str());
    return {};
  }
};

}  // namespace

void add_play(CLI::App& app, Chosen& chosen) {
  auto state = std::make_shared<PlayCommand>();  // shared with the callback, which outlives this function
  CLI::App* command = app.add_subcommand("play", "play an episode in the terminal");
  add_flags(*command, state->options,
            {"env", "data", "split", "max-steps", "seed", "set", "prompts", "plugin-path", "config", "verbose"});
  command->add_option("--task", state->task, "task id (default: the task at --index of --split)");
  command->add_option("--index", state->index, "task of the split")->capture_default_str();
  command->callback([state, command, &chosen] {
    chosen.work = [state, command]() -> Status {
      IPR_TRY(finish_options(*command, state->options));
      return state->run();
    };
  });
}

}  // namespace ipr::host
