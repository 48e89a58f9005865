// Playing episodes: one coroutine per rollout, suspended while the model works (style.md section 5).
//
// Coroutines run on the workers of a Player; the model has its own thread behind the Generator. A rollout's result
// depends on its request only, never on the number of workers or on which other rollouts run.
#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <memory>

#include "core/rollout/dialogue.h"
#include "core/rollout/generator.h"
#include "core/rollout/snapshots.h"

namespace ipr::rollout {

struct Sampling {
  double temperature = 0, top_p = 1;
  std::int64_t max_new_tokens = 512;
  std::int64_t top_k = 0;
};

// One rollout. Seeds: exploration mixes run seed, iteration, task, kept turns, sample; scoring mixes run seed, task,
// hash of the prefix, sample, and never the iteration (abi.md section 5).
struct PlayRequest {
  const env::Task* task = nullptr;
  std::string split;
  const Trajectory* from = nullptr;  // play on after its first `keep` turns; nullptr: from the start
  std::size_t keep = 0;
  Sampling sampling;
  std::uint64_t seed = 0, sample = 0;
};

// What a trajectory is before its first own turn, in a session that stands there.
[[nodiscard]] Trajectory begun(const PlayRequest& request, const env::Session& session);

using Progress = std::function<void(std::size_t done, std::size_t total)>;
// Takes one result over; called on the thread that waits, in the order of the requests. An error ends the call.
template <typename T>
using Take = std::function<Status(T)>;

class Player {
 public:
  // All references must outlive the Player. `stop` set: rollouts that have not begun come back as Code::kInterrupted.
  Player(const env::Environment& environment, const Dialogue& dialogue, Generator& generator, Snapshots& snapshots,
         std::uint64_t env_seed, int max_steps, int workers, const std::atomic<bool>& stop);
  ~Player();
  Player(const Player&) = delete;
  Player& operator=(const Player&) = delete;

  // Plays all. A result is taken as soon as those of all requests before it are, while the others go on; after an error
  // or `stop` what has begun is still played to its end and taken as far as nothing before it is missing. `progress` is
  // called on the calling thread.
  Status play_each(const std::vector<PlayRequest>& requests, const Take<Trajectory>& take, const Progress& progress);
  // The same with all results at once.
  [[nodiscard]] Result<std::vector<Trajectory>> play_all(const std::vector<PlayRequest>& requests,
                                                         const Progress& progress);

  // Exploration along an expert (ipr-pipeline.md section 5): for each t = 0 … n-1 the greedy trajectory from after the
  // expert's first t turns. Where the greedy reply is the expert's own, the trajectory from t is the one from t+1 and
  // is not played again: the same trajectories as n rollouts, exactly. Each result holds the n trajectories of one
  // expert, in order of t; taken as in play_each.
  Status explore_each(const std::vector<const Trajectory*>& experts, const Sampling& sampling,
                      const Take<std::vector<Trajectory>>& take, const Progress& progress);

  // Starts one rollout; `done` is called on a worker, once.
  void start(PlayRequest request, std::function<void(Result<Trajectory>)> done);

  [[nodiscard]] std::uint64_t env_steps() const { return env_steps_; }

 private:
  boost::asio::awaitable<Result<Trajectory>> play(PlayRequest request);
  boost::asio::awaitable<Result<Trajectory>> attempt(const PlayRequest& request);
  boost::asio::awaitable<Result<std::vector<Trajectory>>> explore(const Trajectory& expert, Sampling sampling);
  boost::asio::awaitable<GenerateReply> generate(GenerateRequest request);
  template <typename T>
  Status run_all(std::size_t count, const std::function<boost::asio::awaitable<Result<T>>(std::size_t)>& make,
                 const Take<T>& take, const Progress& progress);

  const env::Environment& environment_;
  const Dialogue& dialogue_;
  Generator& generator_;
  Snapshots& snapshots_;
  const std::uint64_t env_seed_;
  const int max_steps_;
  const std::atomic<bool>& stop_;
  std::atomic<std::uint64_t> env_steps_{0};
  // Shared with the generator's callbacks: the last worker may be through with its rollout, and this Player gone,
  // before the post that woke it has returned.
  std::shared_ptr<boost::asio::thread_pool> workers_;
};

}  // namespace ipr::rollout
