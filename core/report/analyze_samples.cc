// How many rollouts a step needs: what fewer of the recorded ones would have said, beside the others.

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <set>

#include "core/report/analysis.h"
#include "core/report/analysis_parts.h"
#include "core/report/run_settings.h"
#include "core/report/scored_steps.h"
#include "core/report/study.h"

namespace ipr::report {
namespace {

constexpr double kEqual = 1e-9;  // sums of the same numbers in another order
constexpr std::int64_t kSizes[] = {1, 2, 3, 5, 10, 20, 50, 100};

// The outcomes of a step's rollouts, by sample; or, after a last turn, the true one.
struct Values {
  std::vector<double> outcomes;
  bool is_known = false;
  [[nodiscard]] double mean(std::size_t first, std::size_t end) const {
    if (is_known) return outcomes[0];
    double sum = 0;
    for (std::size_t i = first; i < end; ++i) sum += outcomes[i];
    return sum / static_cast<double>(end - first);
  }
};

// Two rival steps, the one with the better outcome first.
struct Candidate {
  Values better, worse;
  std::string cluster;
};

struct RunSteps {
  std::int64_t samples = 0;  // N
  double tau = 0;
  std::vector<Candidate> candidates;
  double variance = 0;  // summed over the steps with rollouts
  std::int64_t steps = 0;
};

using RolloutsByStep = std::map<std::pair<std::int64_t, std::int32_t>, std::map<std::int64_t, double>>;

Result<RolloutsByStep> read_rollouts(store::RunStore& record) {
  RolloutsByStep found;
  store::EpisodeFilter filter;
  filter.stage = store::kMonteCarlo;
  IPR_TRY(record.for_each_episode(filter, store::Turns::kSkip, [&](const store::Episode& rollout) {
    found[{rollout.parent_id, rollout.prefix_turns - 1}][rollout.sample] = rollout.outcome;
    return Status();
  }));
  return found;
}

// Nothing where a step has not N rollouts of its own, or its value is not their mean.
std::optional<Values> values_of(const ScoredStep& step, std::int64_t samples, const RolloutsByStep& rollouts) {
  if (step.score.samples == 0) return Values{{step.score.value}, true};
  const auto found = rollouts.find({step.score.episode_id, step.score.turn});
  if (found == rollouts.end() || step.score.samples != samples ||
      static_cast<std::int64_t>(found->second.size()) != samples)
    return std::nullopt;
  Values values;
  for (const auto& [sample, outcome] : found->second) values.outcomes.push_back(outcome);
  const double mean = values.mean(0, values.outcomes.size());
  return std::abs(mean - step.score.value) > kEqual ? std::nullopt : std::optional(std::move(values));
}

void add_candidates(const ScoredSteps& steps, const RolloutsByStep& rollouts, RunSteps& run) {
  for (const auto& [place, agent] : steps) {
    if (agent.score.samples > 1) {
      run.variance += agent.score.variance;
      ++run.steps;
    }
    if (agent.parent_id == 0 || place.second != agent.prefix_turns) continue;
    const auto other = steps.find({agent.parent_id, place.second});
    if (other == steps.end() || other->second.action == agent.action) continue;
    const ScoredStep& expert = other->second;
    const double outcome_gap = expert.outcome - agent.outcome;
    std::optional<Values> of_expert = values_of(expert, run.samples, rollouts),
                          of_agent = values_of(agent, run.samples, rollouts);
    if (std::abs(outcome_gap) <= kEqual || !of_expert || !of_agent || (of_expert->is_known && of_agent->is_known))
      continue;
    if (outcome_gap < 0) std::swap(of_expert, of_agent);
    run.candidates.push_back({std::move(*of_expert), std::move(*of_agent), agent.cluster});
  }
}

double tau_of(const RunSettings& settings) {
  const auto found = settings.values.find(settings.optimizer + ".threshold");
  return found == settings.values.end() ? 0 : std::strtod(found->second.c_str(), nullptr);
}

// What the first `size` rollouts of each step say, judged by the second half of all: those have no part in it.
struct Judged {
  std::vector<double> net;    // by candidate: 1 a right pair, -1 a wrong one, 0 none
  std::vector<double> right;  // of the pairs that the judges order: 1 or 0
  std::vector<std::string> right_clusters;
  std::int64_t pairs = 0, true_pairs = 0, found = 0;  // true_pairs: that the judges make; found: of them
};

void judge(const RunSteps& run, std::size_t size, Judged& judged) {
  const auto all = static_cast<std::size_t>(run.samples), half = all / 2;
  for (const Candidate& candidate : run.candidates) {
    const double gap = candidate.better.mean(0, size) - candidate.worse.mean(0, size);
    const double truth = candidate.better.mean(half, all) - candidate.worse.mean(half, all);
    const bool pair = gap - run.tau > kEqual, true_pair = truth - run.tau > kEqual;
    const double order = std::abs(truth) <= kEqual ? 0 : truth > 0 ? 1 : -1;
    judged.net.push_back(pair ? order : 0);
    judged.pairs += pair;
    judged.true_pairs += true_pair;
    judged.found += pair && true_pair;
    if (pair && order != 0) {
      judged.right.push_back(order > 0 ? 1 : 0);
      judged.right_clusters.push_back(candidate.cluster);
    }
  }
}

// The final rewards of the runs with one N, by what else they are set to and by seed.
using Rewards = std::map<std::pair<std::string, std::uint64_t>, double>;

// All settings but how many rollouts a step has.
std::string all_but_samples(const RunSettings& settings) {
  std::string text = settings.optimizer;
  for (const auto& [key, value] : settings.values) {
    if (key != "samples" && !key.ends_with(".samples")) text += "\n" + key + "=" + value;
  }
  return text;
}

// Whether all sampled steps have equally many rollouts: else N was adaptive, and says how hard a step was.
bool has_fixed_samples(const ScoredSteps& steps, std::int64_t samples) {
  return std::all_of(steps.begin(), steps.end(), [samples](const auto& step) {
    return step.second.score.samples == 0 || step.second.score.samples == samples;
  });
}

std::vector<double> differences(const Rewards& of, const Rewards& from) {
  std::vector<double> found;
  for (const auto& [experiment, reward] : of) {
    const auto other = from.find(experiment);
    if (other != from.end()) found.push_back(reward - other->second);
  }
  return found;
}

bool is_below(const Estimate& difference) {
  return difference.interval && difference.interval->high < 0;
}

// All runs of one environment.
class Sweep {
 public:
  explicit Sweep(std::string env) : env_(std::move(env)) {}

  void add(RunSteps run, const RunSettings& settings, std::optional<double> reward) {
    if (reward) rewards_[run.samples][{all_but_samples(settings), settings.seed}] = *reward;
    runs_.push_back(std::move(run));
  }

  void judge_all() {
    std::int64_t most = 0;
    for (const RunSteps& run : runs_) most = std::max(most, run.samples);
    for (const RunSteps& run : runs_) {
      if (run.samples < most) continue;
      variance_ += run.variance;
      steps_ += run.steps;
      for (const Candidate& candidate : run.candidates) clusters_.push_back(candidate.cluster);
      for (const std::int64_t size : kSizes) {
        if (2 * size <= most && !run.candidates.empty()) judge(run, static_cast<std::size_t>(size), judged_[size]);
      }
    }
    judges_ = most - most / 2;
    for (const auto& [size, judged] : judged_) sizes_.insert(size);
    for (const auto& [size, rewards] : rewards_) sizes_.insert(size);
  }

  // The fewest rollouts that are not shown to be worse than the most that could be judged.
  [[nodiscard]] std::optional<std::int64_t> recommended() const {
    for (const auto& [size, judged] : judged_) {
      if (is_below(net_difference(size)) || is_below(reward_difference(size))) continue;
      return size;
    }
    return std::nullopt;
  }

  void report(std::vector<Column>& columns, LinePlot& plot, Analysis& analysis) const {
    const std::optional<std::int64_t> best = recommended();
    Series series{printable(env_), {}};
    for (const std::int64_t size : sizes_) {
      const bool is_best = best == size;
      const Estimate reward = reward_of(size);
      Json row = {{"kind", "samples"},      {"run", Json()},    {"env", env_},          {"samples", size},
                  {"recommended", is_best}, {"noise", Json()},  {"candidates", Json()}, {"pairs", Json()},
                  {"precision", Json()},    {"recall", Json()}, {"net", Json()},        {"net_minus_most", Json()}};
      std::vector<std::string> cells = {is_best ? "*" : " ", printable(env_), std::to_string(size)};
      if (const auto found = judged_.find(size); found != judged_.end()) {
        add_judged(size, found->second, row, cells, series);
      } else {
        cells.insert(cells.end(), {"", "", "", "", "", ""});
      }
      row["reward"] = to_json(reward);
      cells.insert(cells.end(),
                   {std::to_string(reward.n), reward.n > 0 ? in_points(reward.mean, reward.interval) : ""});
      add_row(columns, cells);
      analysis.rows.push_back(std::move(row));
    }
    plot.series.push_back(std::move(series));
    analysis.notes.push_back(sentence(best));
  }

  [[nodiscard]] bool has_judged() const { return !judged_.empty(); }

 private:
  [[nodiscard]] Estimate net_difference(std::int64_t size) const {
    const Judged& most = judged_.rbegin()->second;
    const Judged& own = judged_.at(size);
    std::vector<double> found;
    for (std::size_t i = 0; i < own.net.size(); ++i) found.push_back(own.net[i] - most.net[i]);
    return estimate_clustered_mean(found, clusters_);
  }

  // Against the runs with the most rollouts, seed by seed; nothing where these are its own.
  [[nodiscard]] Estimate reward_difference(std::int64_t size) const {
    const auto own = rewards_.find(size);
    if (own == rewards_.end() || rewards_.rbegin()->first == size) return {};
    return compare_over_seeds(differences(own->second, rewards_.rbegin()->second)).difference;
  }

  [[nodiscard]] Estimate reward_of(std::int64_t size) const {
    const auto own = rewards_.find(size);
    std::vector<double> values;
    if (own != rewards_.end()) {
      for (const auto& [experiment, reward] : own->second) values.push_back(reward);
    }
    return estimate_mean(values);
  }

  void add_judged(std::int64_t size, const Judged& judged, Json& row, std::vector<std::string>& cells,
                  Series& series) const {
    const double noise = steps_ > 0 ? std::sqrt(variance_ / static_cast<double>(steps_ * size)) : 0;
    const Estimate precision = estimate_outcome(judged.right, judged.right_clusters);
    const Estimate net = estimate_clustered_mean(judged.net, clusters_), minus_most = net_difference(size);
    const double recall =
        judged.true_pairs > 0 ? static_cast<double>(judged.found) / static_cast<double>(judged.true_pairs) : 0;
    row["noise"] = noise;
    row["candidates"] = judged.net.size();
    row["pairs"] = judged.pairs;
    row["precision"] = to_json(precision);
    row["recall"] = judged.true_pairs > 0 ? Json(recall) : Json();
    row["net"] = to_json(net);
    row["net_minus_most"] = to_json(minus_most);
    cells.insert(cells.end(), {fixed(noise), grouped(judged.pairs), mean_cell(precision, 3),
                               bracket(precision.interval), judged.true_pairs > 0 ? fixed(recall) : "",
                               with_sign(minus_most.mean) + " " + bracket(minus_most.interval, true)});
    if (precision.n > 0) series.points.push_back({static_cast<double>(size), precision.mean, precision.interval});
  }

  [[nodiscard]] std::string sentence(const std::optional<std::int64_t>& best) const {
    const std::string of = printable(env_) + ": ";
    if (!best) return of + "no N can be recommended";
    const std::string most = std::to_string(judged_.rbegin()->first);
    std::string text = of + "recommended N = " + std::to_string(*best);
    if (*best == judged_.rbegin()->first) {
      text += ": each smaller one is shown to be worse";
    } else {
      text += ": the fewest that are not shown to make fewer right pairs, less the wrong ones, than N = " + most;
    }
    const bool with_rewards = reward_difference(*best).n > 1;
    return text +
           (with_rewards ? ", nor to end in less reward than N = " + std::to_string(rewards_.rbegin()->first)
                         : "; no run says whether it ends in as much reward") +
           " (95 % intervals; small differences are missed). Judged by " + std::to_string(judges_) +
           " other rollouts of each step, over " + std::to_string(clusters_.size()) + " candidates.";
  }

  std::string env_;
  std::vector<RunSteps> runs_;
  std::map<std::int64_t, Judged> judged_;    // by size
  std::map<std::int64_t, Rewards> rewards_;  // by N
  std::vector<std::string> clusters_;        // of the candidates, in the order of Judged::net
  std::set<std::int64_t> sizes_;
  double variance_ = 0;
  std::int64_t steps_ = 0, judges_ = 0;
};

std::optional<double> chosen_reward(const StudyRun& run) {
  double sum = 0, count = 0;
  for (const auto& [split, iterations] : run.evaluations) {
    const auto chosen = iterations.find(run.chosen.value_or(run.last()));
    if (chosen == iterations.end()) continue;
    for (const double outcome : chosen->second.outcomes) sum += outcome, ++count;
  }
  return count > 0 ? std::optional(sum / count) : std::nullopt;
}

Status add_run(const RunSource& run, const AnalysisOptions& options, std::map<std::string, Sweep>& sweeps) {
  IPR_ASSIGN(const RunSettings settings, read_settings(*run.record));
  IPR_ASSIGN(const auto scorers, read_scored_steps(*run.record));
  IPR_ASSIGN(const RolloutsByStep rollouts, read_rollouts(*run.record));
  IPR_ASSIGN(const StudyRun played, read_study_run(*run.record, options.splits, {}));
  const std::optional<double> reward = chosen_reward(played);
  for (const auto& [scorer, steps] : scorers) {
    RunSteps found;
    found.samples = samples_of(steps);
    if (found.samples == 0 || !has_fixed_samples(steps, found.samples)) continue;
    found.tau = options.tau.value_or(tau_of(settings));
    add_candidates(steps, rollouts, found);
    sweeps.try_emplace(run.env, run.env).first->second.add(std::move(found), settings, reward);
  }
  return {};
}

}  // namespace

Result<Analysis> analyze_samples(const std::vector<RunSource>& runs, const AnalysisOptions& options) {
  std::map<std::string, Sweep> sweeps;
  for (const RunSource& run : runs) {
    const Status added = add_run(run, options, sweeps);
    if (!added.ok()) return added.at(run.record->path());
  }
  Analysis analysis;
  std::vector<Column> columns{{"", false, {}},
                              {"env", false, {}},
                              {"N", true, {}},
                              {"noise", true, {}},
                              {"pairs", true, {}},
                              {"precision", true, {}},
                              {"95 % interval", true, {}},
                              {"recall", true, {}},
                              {"right - wrong, to most", true, {}},
                              {"runs", true, {}},
                              {"reward", true, {}}};
  LinePlot plot;
  bool any = false;
  for (auto& [env, sweep] : sweeps) {
    sweep.judge_all();
    if (!sweep.has_judged()) continue;
    any = true;
    sweep.report(columns, plot, analysis);
  }
  if (!any)
    return bad_data(runs[0].record->path() +
                    ": too few rollouts of a step to judge some by the others; give a run of a Monte Carlo scorer with "
                    "a fixed N of 2 or more (--samples), which counts outcomes");
  plot.title = "Precision of step pairs";
  plot.x_label = "samples per step (N)";
  plot.y_label = "share of right pairs";
  plot.whole_x = true;
  plot.width = kPlotWidth;
  plot.height = kPlotHeight;
  analysis.notes.emplace_back(
      "the first N of the rollouts of the runs with most are judged by the second half of them: a pair is right where "
      "that has the same order; * recommended; noise: standard error of a step reward; reward: of runs with that N, "
      "chosen on dev, ± half the 95 % interval over seeds");
  analysis.columns = std::move(columns);
  analysis.plot = std::move(plot);
  return analysis;
}

}  // namespace ipr::report
