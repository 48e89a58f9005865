// What a practitioner looks at before believing a run, computed from its record alone.
//
// Each check has a value, a threshold and a state; a warning is a reason to look, never a verdict. What the record does
// not hold is said to be unknown, not guessed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/base/status.h"
#include "core/report/leaderboard.h"

namespace ipr::report {

enum class CheckState { kFine, kWarning, kUnknown };

struct Check {
  std::string id;     // "step-noise", …
  std::string title;  // "Step-reward noise"
  CheckState state = CheckState::kUnknown;
  std::optional<double> value, threshold;
  std::string text;  // what was found, in a sentence or two
};

// "step-noise": the standard error of a step reward, root mean square of s/√N over the steps with N > 1 samples, is
// above tau: the filter then keeps and drops pairs by chance. Threshold: the run's tau. Unknown without one, or where
// it is not above 0 (no filter).

// "pairs-shrink": pairs of the last iteration as a share of the first one's. Fewer than this: the policy has caught up
// with the expert on the train tasks, or explores too little.
inline constexpr double kLeastPairShare = 0.5;

// "divergence": KL(policy || start) per message in nats, as the loop measures it (core/loop/divergence.cc), of the last
// iteration. The start is the policy that Monte Carlo scorers play with. Above this its rollouts tell little of what
// the policy itself would reach: e^1 is a message 2.7 times as likely under the policy. A rule of thumb.
inline constexpr double kMostDivergence = 1.0;

// "plateau": dev reward of the last policy minus that of the one before, paired by task. Warns where the 95 % interval
// does not lie above 0: the last iteration is not shown to have gained anything. Threshold: 0.

// "margin-accuracy": mean of the metric `margin_accuracy` (share of pairs whose winner has the larger gain in
// log-likelihood over the reference) over the last quarter of the last iteration's steps. 0.5 is chance.
inline constexpr double kLeastMarginAccuracy = 0.6;

// "unfinished": share of evaluated episodes that the environment did not end (steps or context ran out), of the chosen
// policy, else the last. They count as what stopping there pays, mostly 0.
inline constexpr double kMostUnfinished = 0.1;

struct CheckInput {
  RunSource run;
  std::vector<std::string> dev_splits;  // on which the iteration is chosen; empty: plateau is unknown
  std::optional<double> tau;            // least gap of step rewards that makes a pair
};

// All checks, in the order above. Errors: those of reading the record.
[[nodiscard]] Result<std::vector<Check>> check_run(const CheckInput& input);

// [{"id","title","state":"fine"|"warning"|"unknown","value","threshold","text"}]; absent numbers are null.
[[nodiscard]] Json to_json(const std::vector<Check>& checks);

}  // namespace ipr::report
