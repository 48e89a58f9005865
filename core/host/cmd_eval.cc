#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>

#include "core/host/commands.h"
#include "core/host/interrupt.h"
#include "core/host/policy_play.h"
#include "core/host/policy_plugin.h"
#include "core/host/setup.h"
#include "core/loop/leaks.h"
#include "core/report/leaderboard.h"

namespace ipr::host {
namespace {

struct EvalCommand {
  Options options;
  PolicyWords words;
};

// One row of the table: repeats of a task are averaged first; tasks of one cluster share chance.
report::Row row_of(const EvalCommand& command, const TaskPart& part, const std::vector<rollout::Trajectory>& played) {
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
  row.policy = command.words.policy;
  row.split = part.split;
  row.n = static_cast<std::int64_t>(values.size());
  row.clusters = static_cast<std::int64_t>(estimate.clusters);
  row.mean = estimate.mean;
  row.ci95 = estimate.interval;
  row.extra = std::move(extra);
  return row;
}

// How many of the tasks a policy trained on this environment may have seen: those that the train split has too.
Result<std::int64_t> overlap_with_train(const env::Environment& environment, const TaskPart& part) {
  IPR_ASSIGN(const std::size_t split, environment.split_named(part.split));
  if (environment.splits()[split].role == IPR_SPLIT_TRAIN) return 0;
  loop::Panel train{"train", {}, {}}, played{part.split, part.tasks, {}};
  IPR_ASSIGN(train.tasks, environment.tasks_of_role(IPR_SPLIT_TRAIN));
  played.splits.assign(part.tasks.size(), part.split);
  const std::vector<loop::Overlap> overlaps = loop::find_overlaps({&train, &played});
  return overlaps.empty() ? 0 : static_cast<std::int64_t>(overlaps[0].tasks.size());
}

Status evaluate(const EvalCommand& command) {
  end_on_signals();
  const PolicyWords& words = command.words;
  if (words.repeats < 1) return usage("--repeats " + std::to_string(words.repeats) + ": give at least 1");
  IPR_ASSIGN(const MadeEnvironment made, make_only_environment(command.options, policy_roles(words.policy)));
  const env::Environment& environment = *made.environment;
  IPR_ASSIGN(const TaskPart part, tasks_of(environment, command.options));
  IPR_TRY(check_policy(environment, words.policy));
  loop::ProgressLine progress(false);
  progress.begin("evaluate " + words.policy, "episodes", part.tasks.size() * static_cast<std::size_t>(words.repeats));
  IPR_ASSIGN(const std::vector<rollout::Trajectory> played,
             play_policy(environment, part, words, command.options, progress));
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
  CLI::App* command =
      app.add_subcommand("eval", "score a policy: a checkpoint folder, plugin:ID, or expert, random, first, noop");
  command
      ->add_option("--policy", state->words.policy, "checkpoint folder, a policy plugin, or an agent without a model")
      ->type_name("FOLDER|plugin:ID|expert|random|first|noop");
  command->add_option("--repeats", state->words.repeats, "episodes per task")->capture_default_str();
  command->add_option("--temperature", state->words.temperature, "of a checkpoint's replies")->capture_default_str();
  add_sampling_flags(*command, state->words);
  add_flags(*command, state->options,
            {"env",           "data",          "split",       "limit",    "max-steps", "seed",   "set",
             "prompts",       "split-lists",   "plugin-path", "config",   "threads",   "device", "dtype",
             "model-threads", "chat-template", "stop",        "overflow", "json",      "verbose"});
  command->callback([state, command, &chosen] {
    chosen.work = [state, command]() -> Status {
      IPR_TRY(finish_options(*command, state->options));
      return evaluate(*state);
    };
  });
}

}  // namespace ipr::host
