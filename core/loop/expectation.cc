#include "core/loop/expectation.h"

#include <algorithm>
#include <cmath>

namespace ipr::loop {
namespace {

// From whole runs of the generated worlds.
constexpr double kCandidates = 1.35;         // step candidates, of those counted as in the header
constexpr double kKeptCandidates = 0.6;      // share of them that become pairs
constexpr double kRowsPerPair = 3;           // winner, loser, anchor
constexpr double kReferenceShare = 1.0 / 3;  // a forward pass beside forward and backward
constexpr double kProgramBytes = 240e6;      // the program, its environments and records
constexpr std::int64_t kUsualRank = 16;      // of --lora, for comparison

double between(double learned, double lost, double share) {
  return learned + (lost - learned) * share;
}

// Tokens that the engine reads anew and samples, and the positions before the sampled ones, summed.
struct Play {
  double read = 0, sampled = 0, before = 0;
  Play operator*(double times) const { return {read * times, sampled * times, before * times}; }
  Play operator+(const Play& other) const {
    return {read + other.read, sampled + other.sampled, before + other.before};
  }
};

// The agent's turns from `from` on, of an episode that takes the expert's number of turns or, lost, all that are
// allowed.
Play rest_of_episode(const Workload& w, double lost, double from) {
  const double turns = std::max(1.0, between(w.expert_turns, w.max_steps, lost) - from);
  const double reply = between(w.reply_tokens, w.max_new_tokens, lost);
  // Between two replies the environment answers; an answer to nonsense is as long as any other.
  const double pages = std::max(0.0, w.row_tokens - w.prompt_tokens - w.expert_turns * w.reply_tokens);
  const double page = w.expert_turns > 0 ? pages / w.expert_turns : pages;
  const double before = w.prompt_tokens + (from + turns / 2) * (page + reply);
  return {page * (from > 0 ? turns - 1 : turns), reply * turns, reply * turns * before};
}

double seconds_of(const Play& play, const Rates& rates) {
  return play.read / rates.prompt + play.sampled / rates.generate + play.before * rates.attend;
}

// Positions that one policy keeps after having played this much.
double kept_positions(const Workload& w, const Play& play) {
  const auto bytes = static_cast<double>(train::rollout_memory(w.shape, w.memory, 1, 0).kv);
  return std::min(w.kv_budget_bytes / bytes, play.read + play.sampled);
}

struct Bytes {
  double host = 0, device = 0, least_device = 0;
};

// Alive together at most: the trainer, the base policy (which also scores), the last iteration's and the new one. With
// a frozen base they differ by their pairs alone.
Bytes memory_of(const Workload& w, const train::MemorySetup& setup, double positions) {
  const double policies = w.iterations > 1 ? 3 : 2;
  const bool lora = setup.lora_rank > 0;
  const auto tokens = static_cast<std::int64_t>(w.tokens_per_pass);
  const train::TrainMemory trainer = train::train_memory(w.shape, setup, tokens, tokens / 2);
  const train::RolloutMemory player = train::rollout_memory(w.shape, setup, static_cast<std::int64_t>(positions),
                                                            static_cast<std::int64_t>(w.rows_in_flight));
  // Weights of all players. On a GPU the frozen base is the trainer's own; with all weights trained each has its own.
  const double played = !lora       ? policies * static_cast<double>(player.weights)
                        : setup.gpu ? 0
                                    : static_cast<double>(player.weights);
  const double loaded = (lora ? 1 : policies + 1) * static_cast<double>(trainer.host);
  const double beside = played + static_cast<double>(player.kv + player.working);
  Bytes bytes{kProgramBytes + loaded, static_cast<double>(trainer.device()) + beside,
              static_cast<double>(trainer.least_device()) + beside};
  return bytes;
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
  const double later = std::max(0.0, w.expert_turns - 1), differs = between(w.surprise, 1, lost);
  const double stays = std::pow(1 - differs, later);  // the chance never to leave the path
  // Equal beginnings are played once: along an expert one whole episode, and one more from each turn where it differs.
  const Play whole = rest_of_episode(w, lost, 0);
  const Play explore =
      w.along_prefixes ? (whole + rest_of_episode(w, lost, w.expert_turns / 2) * (later * differs)) * w.explored_experts
                       : whole * explored;
  const double candidates =
      w.along_prefixes ? w.explored_experts * kCandidates * std::max(0.0, later * differs - 1 + stays) : 0;
  // The outcome of a last step is known: the expert's is one at one turn, a lost agent's at none.
  const double open = later > 1 ? 1 - between(1, 0.5, lost) / later : 0;
  const double mc = 2 * candidates * open * w.samples;
  const Play score = rest_of_episode(w, lost, between(w.expert_turns * 0.75, w.expert_turns * 0.5, lost)) * mc;
  const double pairs = w.explored_experts * (1 - stays) + kKeptCandidates * candidates;
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

  double positions = kept_positions(w, evaluation + explore + score * iterations) + kept_positions(w, evaluation);
  if (w.iterations > 1) positions += kept_positions(w, evaluation + explore);
  const Bytes asked = memory_of(w, w.memory, positions);
  train::MemorySetup with_lora = w.memory;
  with_lora.lora_rank = kUsualRank;
  const Bytes other = memory_of(w, with_lora, positions);
  const bool compare = w.memory.lora_rank == 0;
  if (w.memory.gpu) {
    e.memory_bytes = e.least_memory_bytes = asked.host;
    e.device_bytes = asked.device;
    e.least_device_bytes = asked.least_device;
    e.lora_memory_bytes = compare ? other.host : 0;
    e.lora_device_bytes = compare ? other.least_device : 0;
  } else {
    e.memory_bytes = asked.host + asked.device;
    e.least_memory_bytes = asked.host + asked.least_device;
    e.lora_memory_bytes = compare ? other.host + other.least_device : 0;
  }
  return e;
}

}  // namespace ipr::loop
