#include "core/report/checks.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "core/report/format.h"

namespace ipr::report {
namespace {

std::string count_of(std::size_t n) {
  return grouped(static_cast<std::int64_t>(n));
}

void judge(Check& check, bool warns) {
  check.state = warns ? CheckState::kWarning : CheckState::kFine;
}

// The trained policies by iteration, the start first.
Result<std::vector<store::Policy>> trained_policies(store::RunStore& record) {
  IPR_ASSIGN(std::vector<store::Policy> policies, record.policies());
  std::sort(policies.begin(), policies.end(),
            [](const store::Policy& a, const store::Policy& b) { return a.iteration < b.iteration; });
  return policies;
}

// Step pairs whose gap is larger than its own 95 % interval.
Result<std::string> resolved_pairs(store::RunStore& record, const std::vector<store::StepScore>& scores) {
  std::map<std::pair<std::int64_t, std::int32_t>, double> squared_error;
  for (const store::StepScore& score : scores) {
    squared_error[{score.episode_id, score.turn}] =
        score.samples > 0 ? score.variance / static_cast<double>(score.samples) : 0;
  }
  IPR_ASSIGN(const std::vector<store::Pair> pairs, record.pairs());
  std::size_t all = 0, clear = 0;
  for (const store::Pair& pair : pairs) {
    const auto winner = squared_error.find({pair.winner_id, pair.turn});
    const auto loser = squared_error.find({pair.loser_id, pair.turn});
    if (std::isnan(pair.step_gap) || winner == squared_error.end() || loser == squared_error.end()) continue;
    ++all;
    clear += std::abs(pair.step_gap) > 1.96 * std::sqrt(winner->second + loser->second);
  }
  if (all == 0) return std::string();
  return " Of " + count_of(all) + " scored pairs " + count_of(clear) + " have a gap beyond its own 95 % interval.";
}

Result<Check> check_step_noise(const CheckInput& input) {
  Check check{"step-noise", "Step-reward noise", CheckState::kUnknown, {}, {}, {}};
  IPR_ASSIGN(const std::vector<store::StepScore> scores, input.run.record->all_scores());
  double squares = 0, variance = 0, samples = 0;
  std::size_t steps = 0;
  for (const store::StepScore& score : scores) {
    if (score.samples < 2) continue;
    squares += score.variance / static_cast<double>(score.samples);
    variance += score.variance;
    samples += static_cast<double>(score.samples);
    ++steps;
  }
  if (steps == 0) {
    check.text = "No step was scored with two samples or more, so its noise is not known.";
    return check;
  }
  const auto n = static_cast<double>(steps);
  const double error = std::sqrt(squares / n);
  check.value = error;
  check.text = "A step reward has a standard error of " + fixed(error) + " (" + count_of(steps) + " steps, " +
               short_number(samples / n) + " samples each).";
  if (!input.tau || !(*input.tau > 0)) {
    check.text += " No threshold filters the pairs, so there is nothing to compare it with.";
    return check;
  }
  check.threshold = input.tau;
  judge(check, error > *input.tau);
  if (check.state == CheckState::kWarning) {
    const double needed = std::ceil(variance / n / (*input.tau * *input.tau));
    check.text += " That is more than the threshold tau " + general(*input.tau) +
                  " that a pair has to pass: the filter decides partly by chance. About " +
                  grouped(static_cast<std::int64_t>(std::min(needed, 1e9))) +
                  " samples would bring the error down to tau; a larger tau keeps fewer, surer pairs.";
  }
  IPR_ASSIGN(const std::string resolved, resolved_pairs(*input.run.record, scores));
  check.text += resolved;
  return check;
}

Result<Check> check_pair_counts(store::RunStore& record) {
  Check check{"pairs-shrink", "Pairs per iteration", CheckState::kUnknown, {}, {}, {}};
  IPR_ASSIGN(const std::vector<store::Policy> policies, trained_policies(record));
  IPR_ASSIGN(const std::vector<store::Pair> pairs, record.pairs());
  std::map<std::int32_t, std::size_t> counts;
  for (const store::Policy& policy : policies) {
    if (policy.iteration > 0) counts[policy.iteration];  // an iteration without pairs counts as 0
  }
  for (const store::Pair& pair : pairs) ++counts[pair.iteration];
  std::string list;
  for (const auto& [iteration, count] : counts) list += (list.empty() ? "" : ", ") + count_of(count);
  if (counts.empty()) {
    check.text = "No iteration has been recorded.";
    return check;
  }
  const auto first = static_cast<double>(counts.begin()->second), last = static_cast<double>(counts.rbegin()->second);
  if (last == 0) {
    check.value = 0;
    check.threshold = kLeastPairShare;
    judge(check, true);
    check.text = "The last iteration found no pair (by iteration: " + list +
                 "): there was nothing to train on. More goals, a lower threshold or a higher sampling temperature "
                 "would give some.";
    return check;
  }
  if (counts.size() < 2 || first == 0) {
    check.text = "Pairs by iteration: " + list + "; two iterations with pairs are needed to see a trend.";
    return check;
  }
  check.value = last / first;
  check.threshold = kLeastPairShare;
  judge(check, last < kLeastPairShare * first);
  check.text = "Pairs by iteration: " + list + ".";
  if (check.state == CheckState::kWarning) {
    check.text += " The last one found fewer than half of the first one's: each further iteration trains on less.";
  }
  return check;
}

Result<Check> check_divergence(store::RunStore& record) {
  Check check{"divergence", "KL of the policy to the scorer's", CheckState::kUnknown, {}, {}, {}};
  IPR_ASSIGN(const std::vector<store::Metric> means, record.metrics("divergence", "kl_to_start"));
  IPR_ASSIGN(const std::vector<store::Metric> errors, record.metrics("divergence", "kl_standard_error"));
  if (means.empty()) {
    check.text = "The record holds no measured divergence.";
    return check;
  }
  std::string list;
  for (const store::Metric& mean : means) list += (list.empty() ? "" : ", ") + fixed(mean.value, 2);
  check.value = means.back().value;
  check.threshold = kMostDivergence;
  judge(check, means.back().value > kMostDivergence);
  check.text =
      "KL(policy || SFT start) by iteration: " + list + " nats per message" +
      (errors.empty() ? std::string() : ", the last ± " + fixed(errors.back().value, 2) + " (standard error)") + ".";
  if (check.state == CheckState::kWarning) {
    check.text +=
        " The scorer's rollouts are played by the start: they say less and less about what this policy would reach. A "
        "larger beta, a smaller learning rate or a new start keep the two closer.";
  }
  return check;
}

Result<Check> check_plateau(const CheckInput& input) {
  Check check{"plateau", "Gain of the last iteration on dev", CheckState::kUnknown, {}, {}, {}};
  IPR_ASSIGN(const std::vector<store::Policy> policies, trained_policies(*input.run.record));
  check.text = "Needs two policies evaluated on dev.";
  if (policies.size() < 2 || input.dev_splits.empty()) return check;
  const store::Policy &last = policies.back(), &before = policies[policies.size() - 2];
  LeaderboardOptions options;
  options.splits = input.dev_splits;
  options.baseline = before.name;
  IPR_ASSIGN(const Leaderboard table, make_leaderboard({input.run}, options));
  for (const Row& row : table.rows) {
    if (row.policy != last.name || !row.diff || !row.diff_ci95) continue;
    check.value = row.diff;
    check.threshold = 0;
    judge(check, row.diff_ci95->low <= 0);
    check.text = last.name + " minus " + before.name + " on " + row.split + ": " + with_sign(*row.diff) +
                 ", 95 % interval " + bracket(row.diff_ci95, true) + ", " + grouped(row.n) + " tasks.";
    if (check.state == CheckState::kWarning) {
      check.text +=
          " No gain is shown: further iterations of the same kind may not pay, or dev is too small to see "
          "one.";
    }
    break;  // the first dev split decides, as it does for the choice
  }
  return check;
}

Result<Check> check_margins(store::RunStore& record) {
  Check check{"margin-accuracy", "Margin accuracy", CheckState::kUnknown, {}, {}, {}};
  IPR_ASSIGN(const std::vector<store::Metric> curve, record.metrics("train", "margin_accuracy"));
  if (curve.empty()) {
    check.text = "The optimizer reports no margin accuracy.";
    return check;
  }
  const std::int32_t iteration = curve.back().iteration;  // the curve is sorted by iteration and step
  std::vector<double> values;
  for (const store::Metric& metric : curve) {
    if (metric.iteration == iteration) values.push_back(metric.value);
  }
  const std::size_t quarter = (values.size() + 3) / 4;
  values.erase(values.begin(), values.end() - static_cast<std::ptrdiff_t>(quarter));
  check.value = estimate_mean(values).mean;
  check.threshold = kLeastMarginAccuracy;
  judge(check, *check.value < kLeastMarginAccuracy);
  check.text = "At the end of iteration " + std::to_string(iteration) + " the winner gained more than the loser in " +
               fixed(100 * *check.value, 0) + " % of pairs (mean of the last " + count_of(quarter) + " steps).";
  if (check.state == CheckState::kWarning) {
    check.text +=
        " 50 % is chance: training has hardly told winners from losers. Look at the pairs, then at learning "
        "rate and beta.";
  }
  return check;
}

Result<Check> check_unfinished(store::RunStore& record) {
  Check check{"unfinished", "Unfinished episodes", CheckState::kUnknown, {}, {}, {}};
  IPR_ASSIGN(const std::vector<store::Policy> policies, trained_policies(record));
  check.text = "No policy has been evaluated.";
  if (policies.empty()) return check;
  const auto chosen = std::find_if(policies.begin(), policies.end(), [](const auto& policy) { return policy.chosen; });
  const std::string name = chosen == policies.end() ? policies.back().name : chosen->name;
  std::size_t episodes = 0, unfinished = 0;
  store::EpisodeFilter filter;
  filter.stage = store::kEval;
  filter.policy = name;
  IPR_TRY(record.for_each_episode(filter, store::Turns::kSkip, [&](const store::Episode& episode) {
    ++episodes;
    unfinished += !episode.terminated;
    return Status();
  }));
  if (episodes == 0) return check;
  check.value = static_cast<double>(unfinished) / static_cast<double>(episodes);
  check.threshold = kMostUnfinished;
  judge(check, *check.value > kMostUnfinished);
  check.text = count_of(unfinished) + " of " + count_of(episodes) + " evaluated episodes of " + name +
               " were not ended by the environment (" + fixed(100 * *check.value, 1) +
               " %, 95 % interval of the share " + bracket(wilson_interval(unfinished, episodes)) + ").";
  if (check.state == CheckState::kWarning) {
    check.text += " They ran out of steps or room; the table counts them as what stopping there pays.";
  }
  return check;
}

const char* name_of(CheckState state) {
  return state == CheckState::kFine ? "fine" : state == CheckState::kWarning ? "warning" : "unknown";
}

Json or_null(const std::optional<double>& value) {
  return value ? Json(*value) : Json();
}

}  // namespace

Result<std::vector<Check>> check_run(const CheckInput& input) {
  store::RunStore& record = *input.run.record;
  std::vector<Check> checks(6);
  IPR_ASSIGN(checks[0], check_step_noise(input));
  IPR_ASSIGN(checks[1], check_pair_counts(record));
  IPR_ASSIGN(checks[2], check_divergence(record));
  IPR_ASSIGN(checks[3], check_plateau(input));
  IPR_ASSIGN(checks[4], check_margins(record));
  IPR_ASSIGN(checks[5], check_unfinished(record));
  return checks;
}

Json to_json(const std::vector<Check>& checks) {
  Json list = Json::array();
  for (const Check& check : checks) {
    list.push_back({{"id", check.id},
                    {"title", check.title},
                    {"state", name_of(check.state)},
                    {"value", or_null(check.value)},
                    {"threshold", or_null(check.threshold)},
                    {"text", check.text}});
  }
  return list;
}

}  // namespace ipr::report
