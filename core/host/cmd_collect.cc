#include <cstdio>
#include <map>
#include <memory>
#include <set>

#include "core/base/files.h"
#include "core/host/commands.h"
#include "core/host/interrupt.h"
#include "core/host/policy_play.h"
#include "core/host/policy_plugin.h"
#include "core/host/setup.h"

namespace ipr::host {
namespace {

struct CollectCommand {
  Options options;
  PolicyWords words;
  double min_reward = 0;
  CollectCommand() { options.split = "train"; }
};

// What became of the episodes.
struct Counts {
  std::size_t played = 0, failed = 0, below = 0, repeated = 0, kept = 0, tasks = 0, for_expert = 0;
  double reward_sum = 0;
};

// The messages before the task, as a trajectory file has them. An example is no part of a trajectory; and where the
// agent says more than "OK" before the task, a reader could not tell it from a reply.
Json opening(const std::vector<env::PromptMessage>& prompt) {
  constexpr const char* kRoles[] = {"system", "user", "assistant"};
  Json messages = Json::array();
  for (const env::PromptMessage& message : prompt) {
    if (message.example) continue;
    if (message.role == 2 && message.text != "OK") return Json::array();
    messages.push_back({{"role", kRoles[message.role]}, {"content", message.text}});
  }
  return messages;
}

// The chat as the agent saw it, up to its last message.
Json chat_of(const rollout::Trajectory& trajectory, Json messages) {
  messages.push_back({{"role", "user"}, {"content", trajectory.first_message}});
  for (std::size_t i = 0; i < trajectory.turns.size(); ++i) {
    if (i > 0) messages.push_back({{"role", "user"}, {"content", trajectory.turns[i - 1].observation}});
    messages.push_back({{"role", "assistant"}, {"content", trajectory.turns[i].message}});
  }
  return messages;
}

// The lines of those that are kept, in the order they were played.
std::string select(const std::vector<rollout::Trajectory>& played, const CollectCommand& command,
                   const env::Environment& environment, const env::Prompts& prompts, Counts& counts) {
  std::string lines;
  std::set<std::pair<std::string, Json>> seen;  // task and chat
  std::set<std::string> tasks;
  for (const rollout::Trajectory& trajectory : played) {
    ++counts.played;
    if (env::is_infrastructure(trajectory.exit_status) || trajectory.turns.empty()) {
      ++counts.failed;
      continue;
    }
    if (command.options.given("min-reward") && trajectory.outcome < command.min_reward) {
      ++counts.below;
      continue;
    }
    Json chat = chat_of(trajectory, opening(prompts.of(trajectory.task->id)));
    if (!seen.emplace(trajectory.task->id, chat).second) {
      ++counts.repeated;
      continue;
    }
    ++counts.kept;
    counts.reward_sum += trajectory.outcome;
    tasks.insert(trajectory.task->id);
    const double least = environment.home(trajectory.task->id).defaults().expert_min_outcome;
    if (trajectory.terminated && trajectory.outcome > least) ++counts.for_expert;
    lines += dump_line({{"id", trajectory.task->id},
                        {"split", trajectory.split},
                        {"sample", trajectory.sample},
                        {"policy", command.words.policy},
                        {"reward", trajectory.outcome},
                        {"success", trajectory.success},
                        {"exit_status", env::exit_status_name(trajectory.exit_status)},
                        {"messages", std::move(chat)}}) +
             "\n";
  }
  counts.tasks = tasks.size();
  return lines;
}

void print(const Counts& counts, const CollectCommand& command) {
  const double mean = counts.kept > 0 ? counts.reward_sum / static_cast<double>(counts.kept) : 0;
  if (command.options.json) {
    std::printf("%s\n", dump_line({{"out", command.options.out},
                                   {"played", counts.played},
                                   {"kept", counts.kept},
                                   {"tasks", counts.tasks},
                                   {"mean_reward", counts.kept > 0 ? Json(mean) : Json()},
                                   {"for_expert", counts.for_expert},
                                   {"below_min_reward", counts.below},
                                   {"repeated", counts.repeated},
                                   {"failed", counts.failed}})
                            .c_str());
    return;
  }
  std::printf("%zu of %zu episodes kept, on %zu tasks, mean reward %.3f\n", counts.kept, counts.played, counts.tasks,
              mean);
  std::printf("left out: %zu below --min-reward, %zu the same as another, %zu failed\n", counts.below, counts.repeated,
              counts.failed);
  std::printf("%zu are good enough for --expert (ended by the environment, with more than its least reward)\n",
              counts.for_expert);
  std::printf("trajectories  %s\n", command.options.out.c_str());
}

Status collect(CollectCommand command) {
  end_on_signals();
  PolicyWords& words = command.words;
  words.repeats = command.options.given("samples") ? command.options.samples : 1;
  if (words.repeats < 1) return usage("--samples " + std::to_string(words.repeats) + ": give at least 1");
  if (!command.options.given("temperature")) words.temperature = words.repeats > 1 ? 1 : 0;
  if (words.temperature < 0) return usage("--temperature: give 0 (greedy) or more");
  IPR_TRY(need(command.options.out, "--out", "the file to write"));
  std::error_code ignored;
  const auto folder = std::filesystem::absolute(command.options.out, ignored).parent_path();
  if (!std::filesystem::is_directory(folder, ignored))
    return usage("--out " + command.options.out + ": there is no folder " + folder.string() + "; make it first");
  IPR_TRY(check_can_make(command.options.out));
  IPR_ASSIGN(const MadeEnvironment made, make_only_environment(command.options, policy_roles(words.policy)));
  const env::Environment& environment = *made.environment;
  IPR_TRY(check_policy(environment, words.policy));
  IPR_ASSIGN(const TaskPart part, tasks_of(environment, command.options));
  IPR_ASSIGN(const env::Prompts prompts, environment.prompts());
  loop::ProgressLine progress(false);
  progress.begin("collect " + words.policy, "episodes", part.tasks.size() * static_cast<std::size_t>(words.repeats));
  IPR_ASSIGN(const std::vector<rollout::Trajectory> played,
             play_policy(environment, part, words, command.options, progress));
  progress.finish(std::to_string(played.size()) + " episodes");
  Counts counts;
  const std::string lines = select(played, command, environment, prompts, counts);
  IPR_TRY(write_file(command.options.out, lines));
  print(counts, command);
  return {};
}

}  // namespace

void add_collect(CLI::App& app, Chosen& chosen) {
  auto state = std::make_shared<CollectCommand>();  // shared with the callback, which outlives this function
  CLI::App* command =
      app.add_subcommand("collect", "trajectories of a policy, filtered by outcome, ready for --expert and train");
  command
      ->add_option("--policy", state->words.policy, "checkpoint folder, a policy plugin, or an agent without a model")
      ->type_name("FOLDER|plugin:ID|expert|random|first|noop");
  command->add_option("--min-reward", state->min_reward, "keep only episodes that paid at least this (default: all)");
  command->add_option("--samples", state->options.samples, "episodes per task (default 1)");
  command->add_option("--temperature", state->words.temperature,
                      "of a checkpoint's replies (default: 0 with one sample, 1 with more)");
  add_sampling_flags(*command, state->words);
  command->add_option("--out", state->options.out, "JSON Lines file to write");
  add_flags(*command, state->options,
            {"env", "data", "split", "limit", "max-steps", "seed", "set", "prompts", "plugin-path", "config", "threads",
             "device", "dtype", "model-threads", "chat-template", "stop", "overflow", "json", "verbose"});
  command->callback([state, command, &chosen] {
    chosen.work = [state, command]() -> Status {
      IPR_TRY(finish_options(*command, state->options));
      return collect(*state);
    };
  });
}

}  // namespace ipr::host
