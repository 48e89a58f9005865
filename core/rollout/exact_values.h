// What a step is worth, computed instead of sampled: the expected outcome of a policy whose choices are known, or of
// the best play, from the state after the step.
//
//   V(s) = sum_c p(c | s) V(s c)        V*(s) = max_a V*(s a)        V(s) = r_o(s) where the episode ends
//
// Every state that can be reached is visited once, so the environment must fork, tell its states apart (fingerprint)
// and step without chance, and the policy's choices must depend on the state alone, as a table's do. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <tuple>

#include "core/rollout/text_player.h"

namespace ipr::rollout {

class ExactValues {
 public:
  // `player` must outlive the object. Code::kUsage where the environment cannot fork.
  [[nodiscard]] static Result<ExactValues> make(TextPlayer& player, const Sampling& sampling);

  // After the first `keep` turns. Code::kUsage where states have no fingerprint, or from more than `kMostStates`
  // states on.
  [[nodiscard]] Result<double> of_policy(const Trajectory& trajectory, std::size_t keep);
  // Over the actions that the environment lists; Code::kUsage where it lists none.
  [[nodiscard]] Result<double> of_best(const Trajectory& trajectory, std::size_t keep);

  [[nodiscard]] std::size_t states() const { return values_.size(); }
  static constexpr std::size_t kMostStates = 20'000'000;

 private:
  using Key = std::tuple<bool, std::uint64_t, int>;  // best play, fingerprint, steps taken
  ExactValues(TextPlayer& player, const Sampling& sampling) : player_(&player), sampling_(sampling) {}
  [[nodiscard]] Result<double> after(bool best, const Trajectory& trajectory, std::size_t keep);
  // `chat`: what was said on the way to the state, for the policy; the same again on return.
  [[nodiscard]] Result<double> value(bool best, env::Session& session, Chat& chat);
  [[nodiscard]] Result<std::vector<Choice>> choices(bool best, env::Session& session, const Chat& chat);

  TextPlayer* player_;
  Sampling sampling_;
  std::map<Key, double> values_;
};

}  // namespace ipr::rollout
