// A Monte Carlo stage, by default on the generated shop, as a scorer asks for it: after each of an expert's steps, 5
// samples at temperature 1. How fast it is, how much of the time is the model's, and whether shared prefixes are
// computed once.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <thread>
#include <unordered_set>

#include "bench/rollouts/calls.h"
#include "bench/support/figures.h"
#include "bench/support/open_environment.h"
#include "core/base/rng.h"
#include "core/loop/expert.h"
#include "core/loop/policy.h"
#include "core/rollout/player.h"
#include "core/rollout/service.h"

namespace ipr::bench {
namespace {

struct Flags {
  std::string model, env = "webshop", data, dtype = "fp32", calls;
  double seconds = 20;
  int model_threads = 2, tasks = 100, max_new_tokens = 512;
  std::size_t stages = 3, drawn_calls = 200;
  bool json = false;
};

constexpr std::uint64_t kSeed = 0, kSamples = 5;

// Expert trajectories of the first train tasks, with ids and reply ids as a run gives them.
struct Experts {
  std::vector<env::Task> tasks;
  std::vector<rollout::Trajectory> list;
};

Result<Experts> play_experts(const env::Environment& environment, const rollout::Dialogue& dialogue, int count) {
  Experts experts;
  IPR_ASSIGN(experts.tasks, environment.tasks_of_role(IPR_SPLIT_TRAIN));
  for (const env::Task& task : experts.tasks) {
    if (experts.list.size() == static_cast<std::size_t>(count)) break;
    IPR_ASSIGN(std::optional<rollout::Trajectory> played,
               loop::play_expert(environment, task, kSeed, environment.defaults().max_steps));
    if (!played || !played->terminated || played->outcome <= environment.defaults().expert_min_outcome) continue;
    played->id = experts.list.size() + 1;
    for (rollout::TrajectoryTurn& turn : played->turns) turn.reply_ids = dialogue.reply_ids(turn.message);
    experts.list.push_back(std::move(*played));
  }
  return experts;
}

std::vector<rollout::PlayRequest> monte_carlo(const Experts& experts, std::int64_t max_new_tokens) {
  std::vector<rollout::PlayRequest> requests;
  for (const rollout::Trajectory& expert : experts.list) {
    for (std::size_t keep = 1; keep < expert.turns.size(); ++keep) {
      for (std::uint64_t sample = 0; sample < kSamples; ++sample) {
        rollout::PlayRequest request;
        request.task = expert.task;
        request.from = &expert;
        request.keep = keep;
        request.sampling = {1, 1, max_new_tokens};
        request.seed = rollout::scoring_seed(kSeed, expert, keep, sample);
        request.sample = sample;
        requests.push_back(std::move(request));
      }
    }
  }
  return requests;
}

// Names of prefixes: a hash for each way of going on from a hash.
class PrefixSet {
 public:
  // Adds every prefix of `ids` that goes on from `hash`; the name of the longest.
  std::uint64_t add(std::uint64_t hash, std::span<const std::int32_t> ids) {
    for (const std::int32_t id : ids) names_.insert(hash = ipr_mix64(hash, static_cast<std::uint64_t>(id)));
    return hash;
  }
  [[nodiscard]] bool contains(std::uint64_t name) const { return names_.contains(name); }
  [[nodiscard]] const std::unordered_set<std::uint64_t>& names() const { return names_; }

 private:
  std::unordered_set<std::uint64_t> names_;
};

// The prompt tokens that differ: nodes of the tree of all prompts, without those that were sampled (their keys and
// values are there from the sampling). What a perfect cache would compute.
std::size_t unique_prompt_tokens(const std::vector<rollout::Trajectory>& played, const rollout::Dialogue& dialogue) {
  PrefixSet prompts, sampled;
  for (const rollout::Trajectory& trajectory : played) {
    for (std::size_t turn = trajectory.prefix_turns; turn < trajectory.turns.size(); ++turn) {
      text::TokenizedChat chat = dialogue.history(trajectory, turn, true);
      dialogue.append_generation_prompt(chat);
      (void)sampled.add(prompts.add(0, chat.ids), trajectory.turns[turn].reply_ids);
    }
  }
  std::size_t unique = 0;
  for (const std::uint64_t name : prompts.names()) unique += sampled.contains(name) ? 0 : 1;
  return unique;
}

// One stage, from a cold cache.
struct Stage {
  double wall = 0, cpu = 0;
  double rollouts = 0, env_steps = 0, unique = 0;
  rollout::GeneratorCounters counters;
};

Result<Stage> play_stage(const env::Environment& environment, const rollout::Dialogue& dialogue,
                         const model::Weights& weights, const std::vector<rollout::PlayRequest>& requests,
                         const Flags& flags) {
  IPR_ASSIGN(const auto policy, loop::make_policy("bench", 0, weights, {"cpu", flags.dtype, flags.model_threads}));
  rollout::Snapshots snapshots(environment, kSeed, environment.defaults().max_steps, 20000);
  const std::atomic<bool> stop = false;
  const int workers = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  rollout::Player player(environment, dialogue, *policy->generator, snapshots, kSeed, environment.defaults().max_steps,
                         workers, stop);
  Stage stage;
  const double wall = wall_seconds(), cpu = process_seconds();
  IPR_ASSIGN(const std::vector<rollout::Trajectory> played, player.play_all(requests, [](std::size_t, std::size_t) {}));
  stage.wall = wall_seconds() - wall;
  stage.cpu = process_seconds() - cpu;
  stage.rollouts = static_cast<double>(played.size());
  stage.env_steps = static_cast<double>(player.env_steps());
  stage.counters = policy->generator->counters();
  stage.unique = static_cast<double>(unique_prompt_tokens(played, dialogue));
  if (!flags.calls.empty()) IPR_TRY(write_calls(played, dialogue, flags.drawn_calls, flags.calls));
  return stage;
}

void report(const std::vector<Stage>& stages, const Flags& flags) {
  const auto middle = [&](auto&& of) {
    std::vector<double> values;
    for (const Stage& stage : stages) values.push_back(of(stage));
    return median(values);
  };
  const auto rate = [&](auto&& count) {
    return middle([&](const Stage& s) { return static_cast<double>(count(s)) / s.wall; });
  };
  const double asked = static_cast<double>(stages[0].counters.prompt_tokens_asked);
  const double computed = middle([](const Stage& s) { return static_cast<double>(s.counters.prompt_tokens_computed); });
  const double unique = stages[0].unique;
  Figures figures("rollouts: Monte Carlo stage on " + flags.env);
  figures.add("rollouts in a stage", stages[0].rollouts, "");
  figures.add("wall time of a stage", middle([](const Stage& s) { return s.wall; }), "s");
  figures.add("processor time of a stage, all threads", middle([](const Stage& s) { return s.cpu; }), "s");
  figures.add("rollouts", rate([](const Stage& s) { return s.rollouts; }), "1/s");
  figures.add("environment steps", rate([](const Stage& s) { return s.env_steps; }), "1/s");
  figures.add("tokens generated", rate([](const Stage& s) { return s.counters.generated_tokens; }), "1/s");
  figures.add("prompt tokens computed", rate([](const Stage& s) { return s.counters.prompt_tokens_computed; }), "1/s");
  figures.add("prompt tokens asked for", asked, "");
  figures.add("prompt tokens computed", computed, "", Against{"those asked for", asked});
  figures.add("prompt tokens computed", computed, "", Against{"those that differ", unique, 1.1});
  figures.add("rows without a token",
              middle([](const Stage& s) { return static_cast<double>(s.counters.padding_tokens); }), "");
  figures.add("time inside the model", middle([](const Stage& s) { return s.counters.model_seconds; }), "s");
  figures.add("time outside the model", middle([](const Stage& s) { return s.wall - s.counters.model_seconds; }), "s",
              Against{"wall time", middle([](const Stage& s) { return s.wall; }), 0.1});
  figures.print(flags.json);
}

Status measure(const Flags& flags) {
  IPR_ASSIGN(const auto environment, open_environment(plugin::find_plugins({}), flags.env, flags.data));
  IPR_ASSIGN(const auto speech, loop::load_speech(flags.model));
  IPR_ASSIGN(const model::Weights weights, model::load_checkpoint(flags.model));
  IPR_ASSIGN(env::Prompts prompts, environment->prompts());
  const rollout::Dialogue dialogue(speech->tokenizer, speech->chat_template, std::move(prompts));
  IPR_ASSIGN(const Experts experts, play_experts(*environment, dialogue, flags.tasks));
  const std::vector<rollout::PlayRequest> requests = monte_carlo(experts, flags.max_new_tokens);
  if (requests.empty()) return bad_data("no expert trajectory to sample from");
  std::vector<Stage> stages;
  for (double spent = 0; spent < flags.seconds || stages.size() < flags.stages; spent += stages.back().wall) {
    IPR_ASSIGN(Stage stage, play_stage(*environment, dialogue, weights, requests, flags));
    stages.push_back(std::move(stage));
  }
  report(stages, flags);
  return {};
}

}  // namespace
}  // namespace ipr::bench

int main(int argc, char** argv) {
  using namespace ipr::bench;
  Flags flags;
  CLI::App app("speed of a Monte Carlo stage");
  app.add_option("--model", flags.model, "checkpoint folder, e.g. RUN/checkpoints/iter-0, or GGUF file")->required();
  app.add_option("--env", flags.env, "environment with an expert")->capture_default_str();
  app.add_option("--data", flags.data, "its data; none: what it generates");
  app.add_option("--dtype", flags.dtype, "of the model, fp32 or bf16")->capture_default_str();
  app.add_option("--model-threads", flags.model_threads, "threads of the model")->capture_default_str();
  app.add_option("--tasks", flags.tasks, "train tasks with an expert to sample from")->capture_default_str();
  app.add_option("--seconds", flags.seconds, "time to spend, about")->capture_default_str();
  app.add_option("--stages", flags.stages, "stages at least")->capture_default_str();
  app.add_option("--max-new-tokens", flags.max_new_tokens, "of a turn")->capture_default_str();
  app.add_option("--calls", flags.calls, "file for some of the calls of the model, drawn by seed");
  app.add_option("--drawn-calls", flags.drawn_calls, "how many")->capture_default_str();
  app.add_flag("--json", flags.json, "one line of JSON");
  CLI11_PARSE(app, argc, argv);
  if (const ipr::Status status = measure(flags); !status.ok()) give_up(status);
}
