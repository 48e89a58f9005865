// What a run will take: rollouts, seconds per stage, memory. Arithmetic over a workload that was counted and rates that
// were measured; pure functions.
//
// What cannot be known before the SFT model exists is how it behaves: how long its episodes get, and how often it
// leaves the expert's path. The first hangs on how well it learned, which is taken from the number of its optimizer
// steps s:
//
//   lost(s) = min(1, 19 s^-0.865)        1: it wanders until the step limit and talks until its replies are cut;
//                                        0: it speaks and ends as the expert does
//
// fitted on whole runs of the generated worlds (30, 120 and 1,960 steps). The second is at least how often the expert
// does what could not be foreseen (surprise.h): with T turns after the first, d = surprise + (1 - surprise) lost,
//
//   P(it leaves the path at all)               1 - (1 - d)^T             an outcome pair
//   E(turns where it differs after that)       T d - 1 + (1 - d)^T       step candidates, two steps to score for each
//
// Everything that follows from the two is `assumed`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/train/memory.h"

namespace ipr::loop {

// Counted: from the environment's tasks and the experts that were played.
struct Workload {
  std::uint64_t train_tasks = 0, dev_tasks = 0, test_tasks = 0;
  double experts = 0;                    // kept demonstrations
  double expert_turns = 0;               // of one
  double surprise = 0;                   // share of its messages that could not be foreseen
  double row_tokens = 0;                 // of one training row
  double prompt_tokens = 0;              // in-context examples and instruction, shared by all episodes
  double reply_tokens = 0;               // of one message of the expert
  double sft_steps = 0, sft_tokens = 0;  // optimizer steps, and tokens through the model, all epochs together
  int iterations = 0, max_steps = 0;
  double max_new_tokens = 0;       // of one reply
  double explored_experts = 0;     // per iteration
  double episodes_per_expert = 0;  // that the optimizer asks for along or beside one expert: n for a prefix plan
  bool along_prefixes = false;     // those episodes start at each of its turns
  double samples = 0;              // rollouts per scored step that the scorer expects; 0: it plays none
  double train_epochs = 1;         // of a stage on pairs
  model::LlamaConfig shape;
  train::MemorySetup memory;
  double kv_budget_bytes = 0;  // of one policy
  double rows_in_flight = 0;   // of the rollout engine
  double tokens_per_pass = 0;  // of the trainer
};

// Measured on this machine, tokens per second where nothing else is said.
struct Rates {
  double train = 0;     // forward and backward
  double prompt = 0;    // read by the rollout engine
  double generate = 0;  // sampled, all rows of a batch together, where nothing is before them
  double attend = 0;    // seconds that a sampled token takes longer for each position before it
};

struct ExpectedStage {
  std::string name;     // as in the run's progress: "SFT", "explore", "score", "train", "evaluate"
  double rollouts = 0;  // of all iterations together, like the others
  double seconds = 0;
};

struct Expectation {
  double lost = 0;
  std::vector<ExpectedStage> stages;
  double rollouts = 0;     // trajectories of exploration and scoring
  double mc_rollouts = 0;  // of scoring alone: the table's Monte Carlo cost
  double episodes = 0;     // of evaluation
  double seconds = 0;
  // Of the machine, and beside it of a GPU; on the CPU alone all is in the first. A trainer with less room runs layers
  // again instead of keeping them: `least` of each. With --lora 16 instead of all weights (0: LoRA is asked for).
  double memory_bytes = 0, least_memory_bytes = 0, lora_memory_bytes = 0;
  double device_bytes = 0, least_device_bytes = 0, lora_device_bytes = 0;
};

[[nodiscard]] double lost_share(double sft_steps);
[[nodiscard]] Expectation expect(const Workload& workload, const Rates& rates);

}  // namespace ipr::loop
