#include <cmath>
#include <cstdio>
#include <filesystem>
#include <list>
#include <memory>

#include "core/host/commands.h"
#include "core/host/compute.h"
#include "core/host/interrupt.h"
#include "core/host/known_models.h"
#include "core/host/policy_plugin.h"
#include "core/host/run_plan.h"
#include "core/host/scoring_policy.h"
#include "core/loop/expert.h"
#include "core/loop/step_scorer.h"

namespace ipr::host {
namespace {

struct ScoreCommand {
  Options options;
  std::string trajectories, policy;
  bool exact = false;
  ScoreCommand() {
    options.model.clear();
    options.split.clear();
  }
};

// Trajectories scored and printed together: enough for full batches, few enough that little is lost by an interruption.
constexpr std::size_t kChunk = 64;

// A trajectory of the file, to be played through the environment.
struct Given {
  const env::Task* task = nullptr;
  std::string split;
  std::vector<std::string> replies;
};

// Task id -> split. Only the asked split's tasks, or all.
Result<std::map<std::string, std::string>> splits_by_task(const env::Environment& environment,
                                                          const std::string& asked) {
  std::map<std::string, std::string> found;
  std::vector<std::size_t> splits;
  if (asked.empty()) {
    for (std::size_t i = 0; i < environment.splits().size(); ++i) splits.push_back(i);
  } else {
    IPR_ASSIGN(const std::size_t split, environment.split_named(asked));
    splits.push_back(split);
  }
  for (const std::size_t split : splits) {
    for (std::uint64_t i = 0; i < environment.splits()[split].task_count; ++i) {
      IPR_ASSIGN(const env::Task task, environment.task_at(split, i));
      found.emplace(task.id, environment.splits()[split].name);
    }
  }
  return found;
}

// What of the file is to be scored. `tasks` keeps the tasks that the trajectories point to.
Result<std::vector<Given>> read_given(const ScoreCommand& command, const env::Environment& environment,
                                      std::list<env::Task>& tasks) {
  IPR_ASSIGN(const std::vector<loop::ExpertRecord> records, loop::read_expert_file(command.trajectories));
  IPR_ASSIGN(const auto splits, splits_by_task(environment, command.options.split));
  std::vector<Given> given;
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (command.options.limit > 0 && given.size() >= static_cast<std::size_t>(command.options.limit)) break;
    Result<env::Task> task = environment.task_by_id(records[i].task_id);
    if (!task.ok())
      return bad_data(command.trajectories + ": trajectory " + std::to_string(i + 1) + ": " + task.status().message());
    const auto split = splits.find(task->id);
    if (split == splits.end() && !command.options.split.empty()) continue;
    tasks.push_back(std::move(*task));
    given.push_back({&tasks.back(), split == splits.end() ? std::string() : split->second, records[i].replies});
  }
  if (given.empty())
    return bad_data(command.trajectories + ": holds no trajectory" +
                    (command.options.split.empty() ? "" : " of split \"" + command.options.split + "\""));
  return given;
}

// The line of one trajectory. The standard error of a mean of N outcomes is sqrt(variance / N); a single outcome has
// none, nor has a value that is no mean (N = 0), a true outcome after the last turn has 0.
Json line_of(const std::string& env, const rollout::Trajectory& trajectory, const std::vector<loop::Score>& scores,
             const std::vector<double>& exact, const Json& scorer) {
  Json steps = Json::array();
  for (std::size_t turn = 0; turn < trajectory.turns.size(); ++turn) {
    const loop::Score& score = scores[turn];
    const bool is_outcome = score.samples == 0 && turn + 1 == trajectory.turns.size();
    Json error = is_outcome ? Json(0.0) : Json();
    if (score.samples > 1) error = std::sqrt(score.variance / score.samples);
    steps.push_back({{"turn", turn},
                     {"action", trajectory.turns[turn].action},
                     {"progress", trajectory.turns[turn].progress},  // null: none
                     {"n", score.samples},
                     {"mean", score.value},
                     {"standard_error", error},
                     {"interval", score.low < score.high ? Json{score.low, score.high} : Json()}});
    if (!exact.empty()) steps.back()["exact"] = exact[turn];
  }
  return {{"id", trajectory.task->id},
          {"env", env},
          {"split", trajectory.split.empty() ? Json() : Json(trajectory.split)},
          {"cluster", trajectory.task->meta.value("cluster", "")},
          {"outcome", trajectory.outcome},
          {"exit_status", env::exit_status_name(trajectory.exit_status)},
          {"steps", std::move(steps)},
          {"scorer", scorer}};
}

Status check_words(const ScoreCommand& command) {
  IPR_TRY(need(command.trajectories, "--data", "a file of trajectories"));
  IPR_TRY(need(command.policy, "--policy", "the checkpoint folder, or plugin:ID, that the scorer plays on with"));
  const Options& options = command.options;
  IPR_TRY(check_profile(options.profile));
  if (options.limit < 0) return usage("--limit " + std::to_string(options.limit) + ": give 0 (all) or more");
  if (options.given("samples") && options.samples < 1)
    return usage("--samples " + std::to_string(options.samples) + ": give at least 1");
  const bool plugin = policy_plugin_id(command.policy).has_value();
  if (!plugin && !may_be_model(command.policy))
    return bad_data("--policy " + command.policy + ": is neither a checkpoint folder nor a GGUF file nor plugin:ID");
  if (command.exact && !plugin)
    return usage("--exact: values are computed only for a policy whose choices are known; give --policy plugin:ID");
  return {};
}

// The trajectories [first, end) of the file, played; ids from 1 on in the order of the file.
Result<rollout::TrajectoryBook> play_chunk(const std::vector<Given>& given, std::size_t first, std::size_t end,
                                           const ScoringPolicy& policy, int max_steps) {
  rollout::TrajectoryBook book;
  for (std::size_t i = first; i < end; ++i) {
    IPR_ASSIGN(rollout::Trajectory trajectory, loop::play_replies(policy.environment(), *given[i].task,
                                                                  given[i].replies, policy.env_seed(), max_steps));
    trajectory.id = i + 1;
    trajectory.split = given[i].split;
    policy.tokenize(trajectory);
    book[trajectory.id] = std::make_unique<rollout::Trajectory>(std::move(trajectory));
  }
  return book;
}

Status score(const ScoreCommand& command) {
  const std::atomic<bool>& stop = stop_on_signals();
  IPR_TRY(check_words(command));
  const Options& options = command.options;
  const plugin::Registry registry = registry_for(options);
  IPR_ASSIGN(const std::vector<SettingSource> sources, setting_sources(options));
  const PluginRole role{plugin::Kind::kScorer, options.scorer, "scorer"};
  std::vector<PluginRole> roles = policy_roles(command.policy);
  roles.insert(roles.end(), {{plugin::Kind::kEnvironment, options.env, "env"}, role});
  IPR_TRY(check_scopes(sources, roles, registry));
  IPR_ASSIGN(const MadeEnvironment made, make_environment(registry, options));
  const env::Environment& environment = *made.environment;
  std::vector<report::Setting> settings_shown;  // of a run's plan; nothing here shows it
  IPR_ASSIGN(const loop::PluginChoice choice,
             choose_plugin(registry, role, options, sources, defaults_of(environment), settings_shown));
  std::list<env::Task> tasks;
  IPR_ASSIGN(const std::vector<Given> given, read_given(command, environment, tasks));

  IPR_ASSIGN(const auto policy, ScoringPolicy::make(registry, command.policy, environment, options, stop));
  IPR_ASSIGN(const loop::Compute compute, compute_of(options));  // of a scorer's own model
  IPR_ASSIGN(const auto scorer, loop::StepScorer::make(choice, policy->rollouts(), environment, compute, options.seed));
  const Json asked = choice.settings.value("temperature", Json(1.0));  // of a scorer that samples
  const double temperature = asked.is_number() ? asked.get<double>() : 1.0;
  Json identity = {{"id", choice.manifest.id},
                   {"version", choice.manifest.version},
                   {"config_hash", scorer->plugin().config_hash()},
                   {"seed", options.seed},
                   {"policy", command.policy}};
  identity.update(policy->identity());
  if (!scorer->models().empty()) identity["model_sha256"] = scorer->models();

  loop::ProgressLine progress(false);
  progress.begin("score", "trajectories", given.size());
  for (std::size_t first = 0; first < given.size(); first += kChunk) {
    const std::size_t end = std::min(first + kChunk, given.size());
    IPR_ASSIGN(const rollout::TrajectoryBook book, play_chunk(given, first, end, *policy, options.max_steps));
    const auto on_rollouts = [&](std::size_t done) { progress.update(first, std::to_string(done) + " rollouts"); };
    IPR_ASSIGN(const auto scores, scorer->score(book, on_rollouts, stop));
    std::size_t i = 0;
    for (const auto& [id, trajectory] : book) {
      std::vector<double> exact;
      if (command.exact) {
        IPR_ASSIGN(exact, policy->exact_values(*trajectory, temperature));
      }
      std::printf("%s\n", dump_line(line_of(environment.id(), *trajectory, scores[i++], exact, identity)).c_str());
    }
    if (std::fflush(stdout) != 0) return failed("standard output: cannot write");
    progress.update(end);
  }
  progress.finish(std::to_string(given.size()) + " trajectories");
  return {};
}

}  // namespace

void add_score(CLI::App& app, Chosen& chosen) {
  auto state = std::make_shared<ScoreCommand>();  // shared with the callback, which outlives this function
  CLI::App* command = app.add_subcommand("score", "step rewards of given trajectories; JSON Lines out");
  command->add_option("--data", state->trajectories, "trajectories: ShareGPT or messages, JSON or JSONL");
  command->add_option("--policy", state->policy, "checkpoint folder, or plugin:ID, that the scorer plays on with");
  command->add_flag("--exact", state->exact,
                    "also the exact value of each step, of a policy plugin that knows its choices");
  add_flags(*command, state->options,
            {"env",    "env-data", "scorer",        "samples",       "split",       "limit",    "max-steps",
             "seed",   "set",      "prompts",       "profile",       "plugin-path", "config",   "threads",
             "device", "dtype",    "model-threads", "chat-template", "stop",        "overflow", "verbose"});
  command->callback([state, command, &chosen] {
    chosen.work = [state, command]() -> Status {
      IPR_TRY(finish_options(*command, state->options));
      return score(*state);
    };
  });
}

}  // namespace ipr::host
