#include "core/loop/expectation.h"

#include <algorithm>
#include <cmath>

namespace ipr::loop {
namespace {

// Shares of explored trajectories, of an agent that learned well and what is added where it is lost. From whole runs of
// the generated worlds, three iterations each.
constexpr double kScoredSteps = 0.005, kScoredStepsLost = 1.28;  // steps scored
constexpr double kPairs = 0.14, kPairsLost = 0.33;               // pairs
constexpr double kRowsPerPair = 3;                               // winner, loser, anchor
constexpr double kDeviations = 0.1;                              // turns of an expert where the agent leaves its path
constexpr double kReferenceShare = 1.0 / 3;                      // a forward pass beside forward and backward
constexpr double kProgramBytes = 350e6;                          // the program with its libraries

double between(double learned, double lost, double share) {
  return learned + (lost - learned) * share;
}

// Tokens that the engine reads anew and samples.
struct Play {
  double read = 0, sampled = 0;
  Play operator*(double times) const { return {read * times, sampled * times}; }
  Play operator+(const Play& other) const { return {read + other.read, sampled + other.sampled}; }
};

// The agent's turns from `from` on, of an episode that takes the expert's number of turns or, lost, all that are
// allowed.
Play rest_of_episode(const Workload& w, double lost, double from) {
  const double turns = std::max(1.0, between(w.expert_turns, w.max_steps, lost) - from);
  const double reply = between(w.reply_tokens, w.max_new_tokens, lost);
  // Between two replies the environment answers; an answer to nonsense is as long as any other.
  const double pages = std::max(0.0, w.row_tokens - w.prompt_tokens - w.expert_turns * w.reply_tokens);
  const double page = w.expert_turns > 0 ? pages / w.expert_turns : pages;
  return {page * (from > 0 ? turns - 1 : turns), reply * turns};
}

double seconds_of(const Play& play, const Rates& rates) {
  return play.read / rates.prompt + play.sampled / rates.generate;
}

// Keys and values that one policy keeps after having played this much.
double kv_bytes(const Workload& w, const Play& play) {
  return std::min(w.kv_budget_bytes, (play.read + play.sampled) * w.kv_bytes_per_token);
}

}  // namespace

double lost_share(double sft_steps) {
  return std::min(1.0, 19 * std::pow(std::max(1.0, sft_steps), -0.865));
}

Expectation expect(const Workload& w, const Rates& rates) {
  Expectation e;
  e.lost = lost_share(w.sft_steps);
  const double lost = e.lost, iterations = w.iterations;

  // One iteration.
  const double explored = w.explored_experts * w.episodes_per_expert;
  const double branches = w.along_prefixes
                              ? w.explored_experts * (1 + (w.expert_turns - 1) * std::max(lost, kDeviations))
                              : explored;  // equal beginnings are played once
  const double start = w.along_prefixes ? (w.expert_turns - 1) / 2 * lost : 0;
  const Play explore = rest_of_episode(w, lost, start) * branches;
  const double mc = explored * (kScoredSteps + kScoredStepsLost * lost) * w.samples;
  const Play score = rest_of_episode(w, lost, between(w.expert_turns * 0.75, w.max_steps * 0.5, lost)) * mc;
  const double pairs = explored * (kPairs + kPairsLost * lost);
  const double train_tokens = pairs * kRowsPerPair * w.row_tokens * (w.train_epochs + kReferenceShare);

  const double goals = static_cast<double>(w.dev_tasks + w.test_tasks);
  const Play evaluation = rest_of_episode(w, lost, 0) * goals;
  e.episodes = goals * (iterations + 1);
  e.mc_rollouts = mc * iterations;
  e.rollouts = (explored + mc) * iterations;
  e.stages = {{"SFT", 0, w.sft_tokens / rates.train},
              {"explore", explored * iterations, seconds_of(explore, rates) * iterations},
              {"score", e.mc_rollouts, seconds_of(score, rates) * iterations},
              {"train", 0, train_tokens / rates.train * iterations},
              {"evaluate", e.episodes, seconds_of(evaluation, rates) * (iterations + 1)}};
  for (const ExpectedStage& stage : e.stages) e.seconds += stage.seconds;

  // Alive together at most: the base policy (which also scores), the last iteration's and the new one.
  const double weights = static_cast<double>(w.parameters) * sizeof(float);
  const double policies = w.iterations > 1 ? 3 : 2;
  double kept = kv_bytes(w, evaluation + explore + score * iterations) + kv_bytes(w, evaluation);
  if (policies > 2) kept += kv_bytes(w, evaluation + explore);
  const double trainer = 4 * weights + w.tokens_per_pass * w.activation_bytes_per_token;  // gradient, two moments
  e.memory_bytes = kProgramBytes + (2 * policies + 1) * weights + trainer + kept;         // plain and packed
  return e;
}

}  // namespace ipr::loop
