#include "core/loop/agents.h"

#include "core/base/rng.h"

namespace ipr::loop {
namespace {

Result<std::string> next_action(env::Session& session, Agent agent, std::uint64_t seed) {
  const env::Environment& environment = session.environment();
  if (agent == Agent::kNoop) return std::string();
  if (agent == Agent::kRandom && environment.samples_actions()) return session.episode().sample_action(seed);
  IPR_ASSIGN(const auto actions, session.episode().actions());
  if (!actions) {
    return usage("environment \"" + environment.id() + "\": " +
                 (agent == Agent::kFirst ? "lists no actions, so there is no first one" : "offers no random actions") +
                 "; choose another --policy");
  }
  if (actions->empty()) return std::string();
  return agent == Agent::kFirst ? actions->front() : (*actions)[Rng(seed).below(actions->size())];
}

}  // namespace

std::optional<Agent> agent_from_name(const std::string& name) {
  if (name == "expert") return Agent::kExpert;
  if (name == "random") return Agent::kRandom;
  if (name == "first") return Agent::kFirst;
  if (name == "noop") return Agent::kNoop;
  return std::nullopt;
}

Result<rollout::Trajectory> play_agent(const env::Environment& environment, const env::Task& task, Agent agent,
                                       std::uint64_t env_seed, std::uint64_t seed, int max_steps) {
  IPR_ASSIGN(env::Session session, env::Session::start(environment, task, env_seed, max_steps));
  rollout::Trajectory trajectory;
  trajectory.task = &task;
  trajectory.first_message = session.first_message();
  trajectory.seed = seed;
  while (!session.finished()) {
    std::string message;
    if (agent == Agent::kExpert) {
      IPR_ASSIGN(message, session.expert_message());
      if (message.empty()) break;
    } else {
      IPR_ASSIGN(const std::string action,
                 next_action(session, agent, mix(seed, static_cast<std::uint64_t>(session.steps()))));
      IPR_ASSIGN(message, session.compose(action));
    }
    rollout::TrajectoryTurn turn;
    IPR_ASSIGN(static_cast<env::Turn&>(turn), session.say(message));
    trajectory.turns.push_back(std::move(turn));
  }
  take_end(trajectory, session);
  return trajectory;
}

}  // namespace ipr::loop
