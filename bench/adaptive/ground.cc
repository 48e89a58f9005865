#include "bench/adaptive/ground.h"

#include "bench/support/open_environment.h"
#include "core/base/rng.h"
#include "core/plugin/schema.h"

namespace ipr::bench {
namespace {

constexpr std::uint64_t kEnvSeed = 0;
constexpr double kKappa = 0.01;

Result<std::unique_ptr<rollout::PluginPolicy>> open_policy(const plugin::Registry& registry,
                                                           const GroundSettings& settings) {
  IPR_ASSIGN(const plugin::Manifest manifest, plugin::find_plugin(registry, plugin::Kind::kPolicy, settings.policy));
  IPR_ASSIGN(const plugin::ResolvedSettings resolved,
             plugin::resolve_settings(manifest.subject(), manifest.schema, {{"bench", settings.settings}}));
  IPR_ASSIGN(auto instance, plugin::Instance::create(manifest, resolved.values, {}));
  return rollout::PluginPolicy::make(std::move(instance));
}

Result<rollout::Trajectory> play_expert(const env::Environment& environment, const env::Task& task) {
  IPR_ASSIGN(env::Session session, env::Session::start(environment, task, kEnvSeed, 0));
  rollout::Trajectory trajectory;
  trajectory.task = &task;
  trajectory.first_message = session.first_message();
  trajectory.expert = true;
  while (!session.finished()) {
    IPR_ASSIGN(const std::string message, session.expert_message());
    if (message.empty()) break;
    rollout::TrajectoryTurn turn;
    IPR_ASSIGN(static_cast<env::Turn&>(turn), session.say(message));
    trajectory.turns.push_back(std::move(turn));
  }
  take_end(trajectory, session);
  return trajectory;
}

}  // namespace

Result<std::unique_ptr<Ground>> Ground::make(const plugin::Registry& registry, const GroundSettings& settings) {
  auto made = std::make_unique<Ground>();
  IPR_ASSIGN(made->environment_, open_environment(registry, settings.env, "", settings.env_settings));
  IPR_ASSIGN(made->policy_, open_policy(registry, settings));
  IPR_ASSIGN(made->player_, rollout::TextPlayer::make(*made->environment_, *made->policy_, kEnvSeed, 0));
  IPR_ASSIGN(made->tasks_, made->environment_->tasks_of_role(IPR_SPLIT_TRAIN));
  if (settings.tasks > 0 && settings.tasks < made->tasks_.size()) made->tasks_.resize(settings.tasks);
  IPR_TRY(made->play(settings));
  return made;
}

const rollout::Trajectory& Ground::keep(rollout::Trajectory trajectory) {
  trajectory.id = book_.size() + 1;
  auto& slot = book_[trajectory.id];
  slot = std::make_unique<rollout::Trajectory>(std::move(trajectory));
  return *slot;
}

Status Ground::play(const GroundSettings& settings) {
  for (const env::Task& task : tasks_) {
    IPR_ASSIGN(rollout::Trajectory played, play_expert(*environment_, task));
    const rollout::Trajectory& expert = keep(std::move(played));
    // Values of one task at a time: states of another are other states.
    IPR_ASSIGN(rollout::ExactValues values, rollout::ExactValues::make(*player_, {1.0, 1.0, 512, 0}));
    IPR_ASSIGN(const double start, values.of_policy(expert, 0));
    start_value_ += start;
    expert_turns_ += static_cast<double>(expert.turns.size());
    ++experts_;
    IPR_TRY(explore(settings, expert, values));
    states_ += values.states();
  }
  return {};
}

Status Ground::explore(const GroundSettings& settings, const rollout::Trajectory& expert,
                       rollout::ExactValues& values) {
  for (std::size_t turn = 0; turn < expert.turns.size(); turn += settings.every) {
    for (std::size_t i = 0; i < settings.explorations; ++i) {
      rollout::PlayRequest request;
      request.task = expert.task;
      request.from = &expert;
      request.keep = turn;
      request.sampling.temperature = 1;
      request.seed = mix(settings.seed, fnv1a64("explore"), expert.id, turn, i);
      IPR_ASSIGN(rollout::Trajectory played, player_->play(request));
      if (played.turns[turn].action == expert.turns[turn].action || expert.outcome - played.outcome <= kKappa) continue;
      const rollout::Trajectory& agent = keep(std::move(played));
      Candidate found{expert.id, agent.id, turn};
      IPR_ASSIGN(found.expert_value, values.of_policy(expert, turn + 1));
      IPR_ASSIGN(found.agent_value, values.of_policy(agent, turn + 1));
      if (settings.best_play) {
        IPR_ASSIGN(found.expert_best, values.of_best(expert, turn + 1));
        IPR_ASSIGN(found.agent_best, values.of_best(agent, turn + 1));
      }
      candidates_.push_back(found);
    }
  }
  return {};
}

}  // namespace ipr::bench
