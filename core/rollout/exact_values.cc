#include "core/rollout/exact_values.h"

#include <algorithm>
#include <limits>

namespace ipr::rollout {

Result<ExactValues> ExactValues::make(TextPlayer& player, const Sampling& sampling) {
  if (!player.environment().can_fork())
    return usage("environment \"" + player.environment().id() + "\": cannot fork; exact values need copies of a state");
  return ExactValues(player, sampling);
}

Result<double> ExactValues::of_policy(const Trajectory& trajectory, std::size_t keep) {
  return after(false, trajectory, keep);
}

Result<double> ExactValues::of_best(const Trajectory& trajectory, std::size_t keep) {
  return after(true, trajectory, keep);
}

Result<double> ExactValues::after(bool best, const Trajectory& trajectory, std::size_t keep) {
  IPR_ASSIGN(env::Session session, player_->resume(trajectory, keep));
  Chat chat = chat_before(player_->prompts(), trajectory, keep);
  return value(best, session, chat);
}

Result<std::vector<Choice>> ExactValues::choices(bool best, env::Session& session, const Chat& chat) {
  if (!best) return player_->policy().choices(chat, sampling_);
  IPR_ASSIGN(const auto actions, session.episode().actions());
  if (!actions)
    return usage("environment \"" + player_->environment().id() + "\": lists no actions; the best play is not known");
  std::vector<Choice> all;
  for (const std::string& action : *actions) {
    IPR_ASSIGN(std::string message, session.compose(action));
    all.push_back({std::move(message), 0});
  }
  return all;
}

Result<double> ExactValues::value(bool best, env::Session& session, Chat& chat) {
  if (session.finished()) return session.outcome();
  const std::uint64_t state = session.episode().fingerprint();
  if (state == 0)
    return usage("environment \"" + player_->environment().id() +
                 "\": has no fingerprints; exact values need states that can be told apart");
  const Key key{best, state, session.steps()};
  if (const auto found = values_.find(key); found != values_.end()) return found->second;
  if (values_.size() >= kMostStates)
    return usage("environment \"" + player_->environment().id() + "\": has more than " + std::to_string(kMostStates) +
                 " states to visit; take shorter episodes");
  IPR_ASSIGN(const std::vector<Choice> open, choices(best, session, chat));
  if (open.empty()) return session.outcome();
  double sum = 0, most = -std::numeric_limits<double>::infinity();
  for (const Choice& choice : open) {
    IPR_ASSIGN(env::Session next, session.fork({}));
    IPR_ASSIGN(const env::Turn turn, next.say(choice.reply));
    chat.push_back({2, turn.message, false});
    chat.push_back({1, turn.observation, false});
    const Result<double> found = value(best, next, chat);
    chat.resize(chat.size() - 2);
    if (!found.ok()) return found.status();
    sum += choice.probability * *found;
    most = std::max(most, *found);
  }
  return values_[key] = best ? most : sum;
}

}  // namespace ipr::rollout
