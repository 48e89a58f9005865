// `verify`: plays the recorded episodes again and recomputes the certificate's hashes.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "core/env/environment.h"
#include "core/loop/progress.h"
#include "core/plugin/registry.h"
#include "core/store/run_store.h"

namespace ipr::loop {

// One thing that is not as the run left it.
struct Difference {
  std::string what;          // "reward", "observation", …; "checkpoint checkpoints/iter-1"
  std::int64_t episode = 0;  // 0: not of an episode
  std::string task;
  std::int32_t turn = -1;  // -1: of the episode as a whole
  std::string recorded, now;
};

struct Verification {
  std::int64_t episodes = 0, turns = 0;  // played again
  std::int64_t not_played = 0;           // ended by an infrastructure failure: there is nothing to play
  bool finished = false;                 // there is a certificate
  std::size_t difference_count = 0;
  std::vector<Difference> differences;  // the first thousand

  void add(Difference difference);
};

// Says every recorded message to a fresh episode: the environment's own parse, observations, rewards and end count.
// `env_seed`, `max_steps`: as the run played (run.h).
// Code::kInterrupted between episodes where `stop` is set.
Status verify_episodes(store::RunStore& record, const env::Environment& environment, std::uint64_t env_seed,
                       int max_steps, ProgressLine& progress, const std::atomic<bool>& stop,
                       Verification& verification);

// Tasks, checkpoints and, of a finished run, the hashes of certificate.json in `folder`. A plugin that is not in
// the registry is a difference.
Status verify_certificate(const std::string& folder, store::RunStore& record, const env::Environment& environment,
                          const plugin::Registry& registry, Verification& verification);

}  // namespace ipr::loop
