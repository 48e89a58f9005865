#include "core/host/policy_play.h"

#include <filesystem>

#include "core/base/rng.h"
#include "core/base/strings.h"
#include "core/host/compute.h"
#include "core/host/known_models.h"
#include "core/host/policy_plugin.h"
#include "core/host/setup.h"
#include "core/loop/agents.h"
#include "core/loop/policy.h"
#include "core/rollout/player.h"
#include "core/rollout/text_player.h"

namespace ipr::host {
namespace {

// A task's stream of chance in one repeat.
std::uint64_t seed_of(const Options& options, const env::Task& task, int repeat) {
  return mix(options.seed, fnv1a64(task.id), static_cast<std::uint64_t>(repeat));
}

std::vector<rollout::PlayRequest> requests_of(const TaskPart& part, const PolicyWords& words, const Options& options) {
  std::vector<rollout::PlayRequest> requests;
  for (int repeat = 0; repeat < words.repeats; ++repeat) {
    for (const env::Task& task : part.tasks) {
      rollout::PlayRequest request;
      request.task = &task;
      request.split = part.split;
      request.sampling = {words.temperature, words.top_p, words.max_new_tokens, words.top_k};
      request.sample = static_cast<std::uint64_t>(repeat);
      request.seed = seed_of(options, task, repeat);
      requests.push_back(std::move(request));
    }
  }
  return requests;
}

Result<std::vector<rollout::Trajectory>> play_without_model(const env::Environment& environment, const TaskPart& part,
                                                            loop::Agent agent, const PolicyWords& words,
                                                            const Options& options, loop::ProgressLine& progress) {
  const std::uint64_t env_seed = mix(options.seed, fnv1a64("environment"));
  std::vector<rollout::Trajectory> played;
  for (int repeat = 0; repeat < words.repeats; ++repeat) {
    for (const env::Task& task : part.tasks) {
      IPR_ASSIGN(rollout::Trajectory trajectory, loop::play_agent(environment, task, agent, env_seed,
                                                                  seed_of(options, task, repeat), options.max_steps));
      trajectory.split = part.split;
      trajectory.sample = static_cast<std::uint64_t>(repeat);
      played.push_back(std::move(trajectory));
      progress.update(played.size());
    }
  }
  return played;
}

Result<std::vector<rollout::Trajectory>> play_plugin(const env::Environment& environment, const TaskPart& part,
                                                     const PolicyWords& words, const Options& options,
                                                     loop::ProgressLine& progress) {
  IPR_ASSIGN(const auto policy, open_policy_plugin(registry_for(options), words.policy, options));
  const std::uint64_t env_seed = mix(options.seed, fnv1a64("environment"));
  IPR_ASSIGN(const auto player, rollout::TextPlayer::make(environment, *policy, env_seed, options.max_steps));
  std::vector<rollout::Trajectory> played;
  for (const rollout::PlayRequest& request : requests_of(part, words, options)) {
    IPR_ASSIGN(rollout::Trajectory trajectory, player->play(request));
    played.push_back(std::move(trajectory));
    progress.update(played.size());
  }
  return played;
}

Result<std::vector<rollout::Trajectory>> play_with_model(const env::Environment& environment, const TaskPart& part,
                                                         const PolicyWords& words, const Options& options,
                                                         loop::ProgressLine& progress) {
  static const std::atomic<bool> kNever{false};  // callers end at a signal
  IPR_ASSIGN(rollout::ReplyRules rules, reply_rules(options));
  IPR_ASSIGN(const std::string folder, find_model(words.policy));
  IPR_ASSIGN(const auto speech, loop::load_speech(folder, options.chat_template));
  IPR_ASSIGN(model::Weights weights, model::load_checkpoint(folder, model::Precision::kAsStored));
  IPR_TRY(loop::check_speech(*speech, weights.config, folder));
  IPR_ASSIGN(const loop::Compute compute, compute_of(options, ModelOrigin::kFile, folder));
  IPR_ASSIGN(const auto policy, loop::make_policy(words.policy, 0, std::move(weights), compute));
  IPR_ASSIGN(env::Prompts prompts, environment.prompts());
  const rollout::Dialogue dialogue(speech->tokenizer, speech->chat_template, std::move(prompts), std::move(rules));
  const std::uint64_t env_seed = mix(options.seed, fnv1a64("environment"));
  rollout::Snapshots snapshots(environment, env_seed, options.max_steps, 1);
  rollout::Player player(environment, dialogue, *policy->generator, snapshots, env_seed, options.max_steps,
                         worker_count(options), kNever);
  return player.play_all(requests_of(part, words, options),
                         [&](std::size_t done, std::size_t) { progress.update(done); });
}

}  // namespace

Result<TaskPart> tasks_of(const env::Environment& environment, const Options& options) {
  if (options.limit < 0) return usage("--limit " + std::to_string(options.limit) + ": give 0 (all) or more");
  IPR_ASSIGN(const std::size_t split, environment.split_named(options.split));
  TaskPart part{environment.splits()[split].name, {}};
  std::uint64_t count = environment.splits()[split].task_count;
  if (options.limit > 0) count = std::min<std::uint64_t>(count, static_cast<std::uint64_t>(options.limit));
  for (std::uint64_t i = 0; i < count; ++i) {
    IPR_ASSIGN(env::Task task, environment.task_at(split, i));
    part.tasks.push_back(std::move(task));
  }
  if (part.tasks.empty()) return usage("split \"" + part.split + "\" has no tasks");
  return part;
}

Status check_policy(const env::Environment& environment, const std::string& policy) {
  IPR_TRY(need(policy, "--policy", "a checkpoint folder, plugin:ID, or expert, random, first, noop"));
  if (policy_plugin_id(policy)) return {};
  const std::optional<loop::Agent> agent = loop::agent_from_name(policy);
  if (!agent && !may_be_model(policy)) {
    return usage(
        "--policy " + policy +
        ": is neither a checkpoint folder nor a GGUF file nor plugin:ID nor one of expert, random, first, noop" +
        did_you_mean(policy, {"expert", "random", "first", "noop"}));
  }
  if (agent == loop::Agent::kExpert && !environment.has_expert())
    return bad_data("environment \"" + environment.id() + "\": has no expert; choose another --policy");
  return {};
}

void add_sampling_flags(CLI::App& command, PolicyWords& words) {
  command.add_option("--top-p", words.top_p, "the smallest set of most likely tokens that reaches it; 1: all")
      ->capture_default_str()
      ->check(CLI::Range(0.001, 1.0));
  command.add_option("--top-k", words.top_k, "only so many most likely tokens, before --top-p; 0: all")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  command.add_option("--max-new-tokens", words.max_new_tokens, "of one reply")->capture_default_str();
}

Result<std::vector<rollout::Trajectory>> play_policy(const env::Environment& environment, const TaskPart& part,
                                                     const PolicyWords& words, const Options& options,
                                                     loop::ProgressLine& progress) {
  if (policy_plugin_id(words.policy)) return play_plugin(environment, part, words, options, progress);
  const std::optional<loop::Agent> agent = loop::agent_from_name(words.policy);
  return agent ? play_without_model(environment, part, *agent, words, options, progress)
               : play_with_model(environment, part, words, options, progress);
}

}  // namespace ipr::host
