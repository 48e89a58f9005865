#include "bench/science/arms.h"

namespace ipr::bench {
namespace {

std::vector<std::string> set(const std::vector<std::string>& settings, std::vector<std::string> words = {}) {
  for (const std::string& setting : settings) words.insert(words.end(), {"--set", setting});
  return words;
}

}  // namespace

const std::vector<Arm>& all_arms() {
  static const std::vector<Arm> kArms = {
      {kIprArm, "IPR", {}},
      {"more-sft", "SFT, as many more optimizer steps",
       // The rows of an IPR step: 4 times winner, loser and anchor. The best of 1e-4, 2e-4, 5e-4 and 1e-3 on seeds
       // 1, 2.
       set({"train.schedule=constant", "train.warmup=0.1", "train.lr=2e-4", "train.batch=12"}, {"--optimizer", "sft"})},
      {"eto", "outcome pairs only (ETO)", set({"ipr.step_weight=0", "ipr.outcome_weight=2"})},
      {"eto-goals", "ETO on the goals IPR's rollouts pay for", set({"ipr.step_weight=0", "ipr.outcome_weight=2"}),
       true},
      {"unfiltered", "step pairs unfiltered", set({"ipr.filter=off"})},
      {"coin", "coin for the step rewards (half, any direction)",
       set({"ipr.filter=step", "ipr.threshold=0.2929"}, {"--scorer", "coin"})},
      {"action", "single-action step pairs alone, filtered",
       set({"ipr.outcome_weight=0", "ipr.step_weight=2", "ipr.pairs=action"})},
      {"action-unfiltered", "single-action step pairs alone, unfiltered",
       set({"ipr.outcome_weight=0", "ipr.step_weight=2", "ipr.pairs=action", "ipr.filter=off"})},
      {"anchor", "anchor alone", set({"ipr.outcome_weight=0", "ipr.step_weight=0"})},
      {"no-anchor", "no anchor", set({"ipr.anchor_weight=0"})},
  };
  return kArms;
}

std::vector<std::string> words_of(const Cell& cell, const Given& given, bool tiny) {
  const std::string seed = std::to_string(cell.seed);
  std::vector<std::string> words = {"--env", "webshop", "--seed", seed};
  if (cell.arm->words.empty() || cell.arm->words.front() != "--scorer") words.insert(words.end(), {"--scorer", "mc"});
  words = set({"env.world_seed=" + seed, "env.world=" + cell.world}, words);
  words.insert(words.end(), cell.arm->words.begin(), cell.arm->words.end());
  if (tiny) words = set({"env.world_size=tiny"}, words), words.insert(words.end(), {"--preset", "quick"});
  if (cell.is_ipr()) {
    if (cell.world != "default") words.insert(words.end(), {"--iterations", "1"});
    return words;
  }
  words.insert(words.end(), {"--iterations", "1", "--start-from", given.start_from});
  words = set({"train.steps=" + std::to_string(given.steps)}, words);
  if (cell.arm->more_goals) words = set({"ipr.tasks_per_iteration=" + std::to_string(given.goals)}, words);
  return words;
}

}  // namespace ipr::bench
