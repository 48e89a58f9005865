#include "core/rollout/text_player.h"

#include <deque>

#include "core/base/rng.h"

namespace ipr::rollout {
namespace {
constexpr std::size_t kSnapshots = 20000;
}  // namespace

TextPlayer::TextPlayer(const env::Environment& environment, const PluginPolicy& policy, std::uint64_t env_seed,
                       int max_steps)
    : environment_(environment),
      policy_(policy),
      env_seed_(env_seed),
      max_steps_(max_steps),
      snapshots_(environment, env_seed, max_steps, kSnapshots) {}

Result<std::unique_ptr<TextPlayer>> TextPlayer::make(const env::Environment& environment, const PluginPolicy& policy,
                                                     std::uint64_t env_seed, int max_steps) {
  std::unique_ptr<TextPlayer> made(new TextPlayer(environment, policy, env_seed, max_steps));
  IPR_ASSIGN(made->prompts_, environment.prompts());
  return made;
}

Result<env::Session> TextPlayer::resume(const Trajectory& from, std::size_t keep) {
  return snapshots_.resume(from, keep);
}

Result<Trajectory> TextPlayer::play(const PlayRequest& request) {
  Result<env::Session> opened = request.from != nullptr
                                    ? resume(*request.from, request.keep)
                                    : env::Session::start(environment_, *request.task, env_seed_, max_steps_);
  if (!opened.ok()) return opened.status();
  env::Session session = std::move(opened).value();
  Trajectory trajectory = begun(request, session);
  Chat chat = chat_before(prompts_, trajectory, request.keep);
  while (!session.finished()) {
    IPR_ASSIGN(const std::string message,
               policy_.reply(chat, request.sampling, mix(request.seed, trajectory.turns.size())));
    TrajectoryTurn turn;
    IPR_ASSIGN(static_cast<env::Turn&>(turn), session.say(message));
    chat.push_back({2, turn.message, false});
    chat.push_back({1, turn.observation, false});
    trajectory.turns.push_back(std::move(turn));
  }
  take_end(trajectory, session);
  return trajectory;
}

// A rollout is played when it is waited for.
class TextRollouts::Queue final : public plugin::RolloutQueue {
 public:
  explicit Queue(TextRollouts& rollouts) : rollouts_(rollouts) {}

  Result<bool> submit(const ipr_rollout_req& request) override {
    IPR_ASSIGN(PlayRequest play, rollout_asked(request, rollouts_.book_, rollouts_.run_seed_));
    waiting_.push_back({request.tag, std::move(play)});
    return true;
  }

  Result<std::size_t> wait(std::span<ipr_rollout_res* const> results, std::uint64_t /*timeout_ns*/) override {
    shown_.clear();
    for (std::size_t n = 0; n < results.size() && !waiting_.empty(); ++n) {
      const auto [tag, request] = std::move(waiting_.front());
      waiting_.pop_front();
      Shown& shown = shown_.emplace_back();
      IPR_ASSIGN(shown.trajectory, rollouts_.result_of(request));
      shown.view = std::make_unique<TrajectoryView>(*shown.trajectory);
      results[n]->status = IPR_OK;
      results[n]->tag = tag;
      results[n]->trajectory = shown.view->get();
    }
    return shown_.size();
  }

 private:
  struct Shown {
    std::unique_ptr<Trajectory> trajectory;
    std::unique_ptr<TrajectoryView> view;
  };
  TextRollouts& rollouts_;
  std::deque<std::pair<std::uint64_t, PlayRequest>> waiting_;
  std::vector<Shown> shown_;  // what the caller may still read
};

TextRollouts::TextRollouts(TextPlayer& player, const TrajectoryBook& book, std::uint64_t run_seed, RolloutMemo* memo,
                           std::function<void(std::size_t)> on_progress)
    : player_(player), book_(book), run_seed_(run_seed), memo_(memo), on_progress_(std::move(on_progress)) {}

Result<std::unique_ptr<Trajectory>> TextRollouts::result_of(const PlayRequest& request) {
  std::unique_ptr<Trajectory> result;
  if (const Trajectory* known = memo_ == nullptr ? nullptr : memo_->find(request.seed)) {
    result = std::make_unique<Trajectory>(*known);
  } else {
    IPR_ASSIGN(Trajectory played, player_.play(request));
    if (memo_ != nullptr) memo_->keep(played, false);
    result = std::make_unique<Trajectory>(std::move(played));
  }
  if (asked_.insert(request.seed).second) turns_ += result->turns.size() - result->prefix_turns;
  if (on_progress_) on_progress_(asked_.size());
  return result;
}

Result<std::unique_ptr<plugin::RolloutQueue>> TextRollouts::open() {
  return std::unique_ptr<plugin::RolloutQueue>(std::make_unique<Queue>(*this));
}

}  // namespace ipr::rollout
