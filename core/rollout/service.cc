#include "core/rollout/service.h"

#include <algorithm>
#include <chrono>
#include <tuple>

#include "core/base/hash.h"
#include "core/base/rng.h"

namespace ipr::rollout {
namespace {
constexpr std::size_t kQueueCapacity = 256;
}  // namespace

std::uint64_t prefix_hash(const Trajectory& trajectory, std::size_t keep) {
  std::uint64_t hash = fnv1a64(trajectory.task->id);
  for (std::size_t i = 0; i < keep; ++i) {
    const TrajectoryTurn& turn = trajectory.turns[i];
    const std::string_view ids(reinterpret_cast<const char*>(turn.reply_ids.data()),
                               turn.reply_ids.size() * sizeof(std::int32_t));
    hash = fnv1a64(turn.message, mix(hash, turn.message.size()));  // sizes keep messages from running into one another
    hash = fnv1a64(ids, mix(hash, ids.size()));
  }
  return hash;
}

std::uint64_t scoring_seed(std::uint64_t run_seed, const Trajectory& from, std::size_t keep, std::uint64_t sample) {
  return mix(run_seed, fnv1a64(from.task->id), prefix_hash(from, keep), sample);
}

Sampling sampling_of(const ipr_sampling& sampling) {
  Sampling asked{sampling.temperature, sampling.top_p, sampling.max_new_tokens};
  if (IPR_HAS(&sampling, ipr_sampling, top_k)) asked.top_k = sampling.top_k;
  return asked;
}

Result<PlayRequest> rollout_asked(const ipr_rollout_req& request, const TrajectoryBook& book, std::uint64_t run_seed) {
  if (request.from == nullptr || request.sampling == nullptr)
    return usage("a rollout request needs a trajectory and a sampling");
  if (request.policy != IPR_POLICY_BASE) return usage("scorers sample from the base policy (IPR_POLICY_BASE)");
  const auto found = book.find(request.from->id);
  if (found == book.end())
    return usage("rollouts start from the host's own trajectories (id " + std::to_string(request.from->id) +
                 " is none)");
  const Trajectory& from = *found->second;
  if (request.keep_turns > from.turns.size()) return usage("keep_turns is beyond the trajectory's end");
  PlayRequest play;
  play.task = from.task;
  play.split = from.split;
  play.from = &from;
  play.keep = request.keep_turns;
  play.sampling = sampling_of(*request.sampling);
  play.sample = request.sample;
  play.seed = scoring_seed(run_seed, from, request.keep_turns, request.sample);
  return play;
}

// Results arrive on the player's workers; one thread submits and waits.
class RolloutService::Queue final : public plugin::RolloutQueue {
 public:
  explicit Queue(RolloutService& service) : service_(service) {}

  ~Queue() override {  // what is open must end before its sink goes
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return open_ == 0; });
  }

  Result<bool> submit(const ipr_rollout_req& request) override {
    IPR_ASSIGN(PlayRequest play, rollout_asked(request, service_.book_, service_.run_seed_));
    if (service_.reads_) play.from = service_.reads_(*play.from);  // the seed stays that of the book's own ids
    const Trajectory* known = service_.memo_ == nullptr ? nullptr : service_.memo_->find(play.seed);
    {
      const std::lock_guard lock(mutex_);
      if (open_ + arrived_.size() >= kQueueCapacity) return false;
      if (known != nullptr) {
        arrived_.push_back({request.tag, IPR_OK, nullptr, std::make_unique<TrajectoryView>(*known)});
        return true;
      }
      ++open_;
    }
    service_.player_.start(std::move(play),
                           [this, tag = request.tag](Result<Trajectory> result) { arrive(tag, std::move(result)); });
    return true;
  }

  Result<std::size_t> wait(std::span<ipr_rollout_res* const> results, std::uint64_t timeout_ns) override {
    std::unique_lock lock(mutex_);
    const auto ready = [&] { return !arrived_.empty() || open_ == 0; };
    if (timeout_ns == 0 || timeout_ns > std::uint64_t{1} << 62) {
      changed_.wait(lock, ready);
    } else {
      changed_.wait_for(lock, std::chrono::nanoseconds(timeout_ns), ready);
    }
    shown_.clear();
    std::size_t n = 0;
    for (; n < results.size() && !arrived_.empty(); ++n) {
      shown_.push_back(std::move(arrived_.front()));
      arrived_.pop_front();
      results[n]->status = shown_.back().status;
      results[n]->tag = shown_.back().tag;
      results[n]->trajectory = shown_.back().view ? shown_.back().view->get() : nullptr;
    }
    return n;
  }

 private:
  struct Arrived {
    std::uint64_t tag = 0;
    ipr_status status = IPR_OK;
    std::unique_ptr<Trajectory> trajectory;
    std::unique_ptr<TrajectoryView> view;
  };

  void arrive(std::uint64_t tag, Result<Trajectory> result) {
    Arrived arrived;
    arrived.tag = tag;
    if (!result.ok()) {
      arrived.status = result.status().code() == Code::kInterrupted ? IPR_CANCELLED : IPR_INTERNAL;
    } else {
      arrived.status = env::is_infrastructure(result->exit_status) ? IPR_UNAVAILABLE : IPR_OK;
      arrived.trajectory = std::make_unique<Trajectory>(std::move(result).value());
      arrived.view = std::make_unique<TrajectoryView>(*arrived.trajectory);
      service_.keep(*arrived.trajectory);
    }
    const std::lock_guard lock(mutex_);
    arrived_.push_back(std::move(arrived));
    --open_;
    changed_.notify_all();  // under the lock: the destructor may be waiting
  }

  RolloutService& service_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t open_ = 0;
  std::deque<Arrived> arrived_;
  std::deque<Arrived> shown_;  // what the caller may still read
};

RolloutService::RolloutService(Player& player, const TrajectoryBook& book, std::uint64_t run_seed,
                               std::function<void(std::size_t)> on_progress, RolloutMemo* memo, Reads reads)
    : player_(player),
      book_(book),
      run_seed_(run_seed),
      on_progress_(std::move(on_progress)),
      memo_(memo),
      reads_(std::move(reads)) {}

Result<std::unique_ptr<plugin::RolloutQueue>> RolloutService::open() {
  return std::unique_ptr<plugin::RolloutQueue>(std::make_unique<Queue>(*this));
}

void RolloutService::keep(const Trajectory& trajectory) {
  if (memo_ != nullptr && !env::is_infrastructure(trajectory.exit_status)) memo_->keep(trajectory, false);
  std::size_t done = 0;
  {
    const std::lock_guard lock(mutex_);
    finished_.push_back(trajectory);
    done = ++finished_total_;
  }
  if (on_progress_) on_progress_(done);
}

std::vector<Trajectory> RolloutService::take_finished() {
  const std::lock_guard lock(mutex_);
  std::vector<Trajectory> taken = std::move(finished_);
  finished_.clear();
  const auto name = [](const Trajectory& t) { return std::tuple(t.parent_id, t.prefix_turns, t.sample); };
  std::sort(taken.begin(), taken.end(), [&](const Trajectory& x, const Trajectory& y) { return name(x) < name(y); });
  const auto same = [&](const Trajectory& x, const Trajectory& y) { return name(x) == name(y); };
  taken.erase(std::unique(taken.begin(), taken.end(), same), taken.end());
  return taken;
}

}  // namespace ipr::rollout
