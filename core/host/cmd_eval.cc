#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>

#include "core/base/rng.h"
#include "core/base/strings.h"
#include "core/host/commands.h"
#include "core/host/interrupt.h"
#include "core/host/setup.h"
#include "core/loop/agents.h"
#include "core/loop/leaks.h"
#include "core/loop/policy.h"
#include "core/loop/progress.h"
#include "core/report/leaderboard.h"
#include "core/rollout/player.h"

namespace ipr::host {
namespace {

struct EvalCommand {
  Options options;
  std::string policy;
  int repeats = 1;
  std::int64_t max_new_tokens = 512;
  double temperature = 0;
};

struct Part {
  std::size_t split = 0;
  std::string name;
  std::vector<env::Task> tasks;
};

Result<Part> tasks_of(const env::Environment& environment, const Options& options) {
  Part part;
  IPR_ASSIGN(part.split, environment.split_named(options.split));
  part.name = environment.splits()[part.split].name;
  std::uint64_t count = environment.splits()[part.split].task_count;
  if (options.limit > 0) count = std::min<std::uint64_t>(count, static_cast<std::uint64_t>(options.limit));
  for (std::uint64_t i = 0; i < count; ++i) {
    IPR_ASSIGN(env::Task task, environment.task_at(part.split, i));
    part.tasks.push_back(std::move(task));
  }
  if (part.tasks.empty()) return usage("split \"" + part.name + "\" has no tasks");
  return part;
}

Result<std::vector<rollout::Trajectory>> play_without_model(const env::Environment& environment, const Part& part,
                                                            loop::Agent agent, const EvalCommand& command,
                                                            loop::ProgressLine& progress) {
  const std::uint64_t env_seed = mix(command.options.seed, fnv1a64("environment"));
  std::vector<rollout::Trajectory> played;
  for (int repeat = 0; repeat < command.repeats; ++repeat) {
    for (const env::Task& task : part.tasks) {
      const std::uint64_t seed = mix(command.options.seed, fnv1a64(task.id), static_cast<std::uint64_t>(repeat));
      IPR_ASSIGN(rollout::Trajectory trajectory,
                 loop::play_agent(environment, task, agent, env_seed, seed, command.options.max_steps));
      played.push_back(std::move(trajectory));
      progress.update(played.size());
    }
  }
  return played;
}

Result<std::vector<rollout::Trajectory>> play_with_model(const env::Environment& environment, const Part& part,
                                                         const EvalCommand& command, loop::ProgressLine& progress) {
  IPR_ASSIGN(const auto speech, loop::load_speech(command.policy));
  IPR_ASSIGN(model::Weights weights, model::load_checkpoint(command.policy));
  IPR_TRY(loop::check_speech(*speech, weights.config, command.policy));
  const auto policy = loop::make_policy(command.policy, 0, std::move(weights), command.options.model_threads);
  IPR_ASSIGN(std::vector<env::PromptMessage> prompt, environment.prompt());
  const rollout::Dialogue dialogue(speech->tokenizer, speech->chat_template, std::move(prompt));
  const std::uint64_t env_seed = mix(command.options.seed, fnv1a64("environment"));
  rollout::Snapshots snapshots(environment, env_seed, command.options.max_steps, 1);
  rollout::Player player(environment, dialogue, *policy->generator, snapshots, env_seed, command.options.max_steps,
                         worker_count(command.options), stop_on_signals());
  std::vector<rollout::PlayRequest> requests;
  for (int repeat = 0; repeat < command.repeats; ++repeat) {
    for (const env::Task& task : part.tasks) {
      rollout::PlayRequest request;
      request.task = &task;
      request.split = part.name;
      request.sampling = {command.temperature, 1, command.max_new_tokens};
      request.sample = static_cast<std::uint64_t>(repeat);
      request.seed = mix(command.options.seed, fnv1a64(task.id), static_cast<std::uint64_t>(repeat));
      requests.push_back(std::move(request));
    }
  }
  return player.play_all(requests, [&](std::size_t done, std::size_t) { progress.update(done); });
}

// One row of the table: repeats of a task are averaged first; tasks of one cluster share chance.
report::Row row_of(const EvalCommand& command, const Part& part, const std::vector<rollout::Trajectory>& played) {
  std::map<std::string, std::pair<double, int>> by_task;
  std::map<std::string, double> extra;
  report::Row row;
  for (const rollout::Trajectory& trajectory : played) {
    auto& [sum, count] = by_task[trajectory.task->id];
    sum += trajectory.outcome;
    ++count;
    if (env::is_infrastructure(trajectory.exit_status)) ++row.infrastructure_errors;
    const Json stats = Json::parse(trajectory.stats_json, nullptr, false);
    if (!stats.is_object()) continue;
    for (const auto& [key, value] : stats.items()) {
      if (value.is_number()) extra[key] += value.get<double>() / static_cast<double>(played.size());
    }
  }
  std::vector<double> values;
  std::vector<std::string> clusters;
  for (const env::Task& task : part.tasks) {
    const auto& [sum, count] = by_task[task.id];
    values.push_back(count > 0 ? sum / count : 0);
    clusters.push_back(task.meta.value("cluster", ""));
  }
  const report::Estimate estimate = report::estimate_outcome(values, clusters);
  row.env = command.options.env;
  row.policy = command.policy;
  row.split = part.name;
  row.n = static_cast<std::int64_t>(values.size());
  row.clusters = static_cast<std::int64_t>(estimate.clusters);
  row.mean = estimate.mean;
  row.ci95 = estimate.interval;
  row.extra = std::move(extra);
  return row;
}

// How many of the tasks a policy trained on this environment may have seen: those that the train split has too.
Result<std::int64_t> overlap_with_train(const env::Environment& environment, const Part& part) {
  if (environment.splits()[part.split].role == IPR_SPLIT_TRAIN) return 0;
  loop::Panel train{"train", {}, {}}, played{part.name, part.tasks, {}};
  IPR_ASSIGN(train.tasks, environment.tasks_of_role(IPR_SPLIT_TRAIN));
  played.splits.assign(part.tasks.size(), part.name);
  const std::vector<loop::Overlap> overlaps = loop::find_overlaps({&train, &played});
  return overlaps.empty() ? 0 : static_cast<std::int64_t>(overlaps[0].tasks.size());
}

Status evaluate(const EvalCommand& command) {
  if (command.repeats < 1) return usage("--repeats " + std::to_string(command.repeats) + ": give at least 1");
  if (command.options.limit < 0) {
    return usage("--limit " + std::to_string(command.options.limit) + ": give 0 (all) or more");
  }
  IPR_ASSIGN(const MadeEnvironment made, make_environment(registry_for(command.options), command.options));
  const env::Environment& environment = *made.environment;
  IPR_ASSIGN(const Part part, tasks_of(environment, command.options));
  const std::optional<loop::Agent> agent = loop::agent_from_name(command.policy);
  if (!agent && !std::filesystem::is_directory(command.policy)) {
    return usage("--policy " + command.policy +
                 ": is neither a checkpoint folder nor one of expert, random, first, noop" +
                 did_you_mean(command.policy, {"expert", "random", "first", "noop"}));
  }
  if (agent == loop::Agent::kExpert && !environment.has_expert()) {
    return bad_data("environment \"" + environment.id() + "\": has no expert; choose another --policy");
  }
  loop::ProgressLine progress(false);
  progress.begin("evaluate " + command.policy, "episodes",
                 part.tasks.size() * static_cast<std::size_t>(command.repeats));
  IPR_ASSIGN(const std::vector<rollout::Trajectory> played,
             agent ? play_without_model(environment, part, *agent, command, progress)
                   : play_with_model(environment, part, command, progress));
  progress.finish(std::to_string(played.size()) + " episodes");
  report::Leaderboard table;
  table.rows.push_back(row_of(command, part, played));
  IPR_ASSIGN(table.rows.back().overlap, overlap_with_train(environment, part));
  if (command.options.json) {
    std::printf("%s\n", dump_line(report::to_json(table)).c_str());
    return {};
  }
  const bool color = ::isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr;
  std::printf("%s", report::to_text(table, {color, false}).c_str());
  return {};
}

}  // namespace

void add_eval(CLI::App& app, Chosen& chosen) {
  auto state = std::make_shared<EvalCommand>();  // shared with the callback, which outlives this function
  CLI::App* command = app.add_subcommand("eval", "score a policy: a checkpoint folder, or expert, random, first, noop");
  command->add_option("--policy", state->policy, "checkpoint folder, or a trivial agent")->required();
  command->add_option("--repeats", state->repeats, "episodes per task")->capture_default_str();
  command->add_option("--temperature", state->temperature, "of a checkpoint's replies")->capture_default_str();
  command->add_option("--max-new-tokens", state->max_new_tokens, "of one reply")->capture_default_str();
  add_flags(*command, state->options,
            {"env", "data", "split", "limit", "max-steps", "seed", "set", "prompts", "split-lists", "plugin-path",
             "config", "threads", "model-threads", "json", "verbose"});
  command->callback([state, command, &chosen] {
    chosen.work = [state, command]() -> Status {
      IPR_TRY(finish_options(*command, state->options));
      return evaluate(*state);
    };
  });
}

}  // namespace ipr::host
