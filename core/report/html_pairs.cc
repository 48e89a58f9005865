// Pairs by iteration and turn, step rewards by turn.

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "core/report/format.h"
#include "core/report/html_page.h"
#include "core/report/html_parts.h"
#include "core/report/svg.h"

namespace ipr::report {
namespace {

constexpr int kBins = 10;
constexpr std::int32_t kMostTurns = 12;  // with a histogram of their own

struct PairCount {
  std::int64_t pairs = 0, expert_won = 0, gaps = 0;
  double outcome_gap = 0, step_gap = 0;
};

void add_pair_table(pugi::xml_node section, const std::vector<store::Pair>& pairs) {
  std::map<std::pair<std::int32_t, std::string>, PairCount> counts;
  for (const store::Pair& pair : pairs) {
    PairCount& count = counts[{pair.iteration, pair.kind}];
    ++count.pairs;
    count.expert_won += pair.expert_won;
    if (!std::isnan(pair.outcome_gap)) count.outcome_gap += pair.outcome_gap;
    if (std::isnan(pair.step_gap)) continue;
    count.step_gap += pair.step_gap;
    ++count.gaps;
  }
  std::vector<Column> columns{
      {"iteration", true, {}},        {"kind", false, {}},        {"pairs", true, {}}, {"expert won", true, {}},
      {"mean outcome gap", true, {}}, {"mean step gap", true, {}}};
  for (const auto& [key, count] : counts) {
    const auto n = static_cast<double>(count.pairs);
    add_row(columns,
            {std::to_string(key.first), key.second, grouped(count.pairs),
             fixed(100 * static_cast<double>(count.expert_won) / n, 0) + " %", with_sign(count.outcome_gap / n),
             count.gaps > 0 ? with_sign(count.step_gap / static_cast<double>(count.gaps)) : std::string()});
  }
  add_table(section, columns);
}

// Bars of pair counts by `key_of` a pair, one series per kind. Keys are drawn in their order, gaps included.
template <typename KeyOf>
void add_pair_bars(pugi::xml_node grid, const std::vector<store::Pair>& pairs, const KeyOf& key_of, BarPlot plot,
                   const std::string& caption) {
  std::map<std::string, std::map<std::int32_t, double>> counts;
  std::int32_t low = key_of(pairs[0]), high = low;
  for (const store::Pair& pair : pairs) {
    ++counts[pair.kind][key_of(pair)];
    low = std::min(low, key_of(pair));
    high = std::max(high, key_of(pair));
  }
  high = std::min(high, low + 99);  // a damaged record must not make a page of a gigabyte
  plot.y_label = "pairs";
  plot.numbers = true;
  for (std::int32_t key = low; key <= high; ++key) plot.labels.push_back(std::to_string(key));
  for (auto& [kind, by_key] : counts) {
    BarSeries series{kind, {}};
    for (std::int32_t key = low; key <= high; ++key) series.values.push_back(by_key[key]);
    plot.series.push_back(std::move(series));
  }
  pugi::xml_node figure = add(grid, "figure");
  add_bar_plot(figure, plot);
  add(figure, "figcaption", caption);
}

void add_pair_counts(pugi::xml_node section, const std::vector<store::Pair>& pairs) {
  add_pair_table(section, pairs);
  pugi::xml_node grid = add(section, "div", {}, "grid-of-plots");
  BarPlot plot;
  plot.title = "Pairs by iteration";
  plot.x_label = "iteration";
  add_pair_bars(
      grid, pairs, [](const store::Pair& pair) { return pair.iteration; }, plot,
      "Pairs that went into training, by iteration and kind.");
  plot.title = "Pairs by turn";
  plot.x_label = "turn at which both sides begin";
  add_pair_bars(
      grid, pairs, [](const store::Pair& pair) { return pair.turn + 1; }, plot,
      "The same by the turn at which both sides begin, all iterations.");
}

// Numbers of values in kBins equal bins over [low, high].
std::vector<double> histogram(const std::vector<double>& values, double low, double high) {
  std::vector<double> counts(kBins, 0.0);
  for (const double value : values) {
    const int bin = static_cast<int>((value - low) / (high - low) * kBins + 1e-9);
    ++counts[static_cast<std::size_t>(std::clamp(bin, 0, kBins - 1))];
  }
  return counts;
}

// The step rewards of one turn.
struct TurnRewards {
  std::vector<double> expert, agent;
  double squared_error = 0, samples = 0;  // sums over the sampled steps
  std::size_t sampled = 0;
};
using RewardsByTurn = std::map<std::int32_t, TurnRewards>;

Result<RewardsByTurn> rewards_by_turn(store::RunStore& record) {
  IPR_ASSIGN(const std::vector<store::StepScore> scores, record.all_scores());
  std::set<std::int64_t> experts;
  store::EpisodeFilter filter;
  filter.stage = store::kExpert;
  IPR_TRY(record.for_each_episode(filter, store::Turns::kSkip, [&](const store::Episode& episode) {
    experts.insert(episode.id);
    return Status();
  }));
  RewardsByTurn turns;
  for (const store::StepScore& score : scores) {
    TurnRewards& turn = turns[score.turn];
    (experts.contains(score.episode_id) ? turn.expert : turn.agent).push_back(score.value);
    if (score.samples < 2) continue;
    turn.squared_error += score.variance / static_cast<double>(score.samples);
    turn.samples += static_cast<double>(score.samples);
    ++turn.sampled;
  }
  return turns;
}

std::string mean_text(const std::vector<double>& values) {
  return values.empty() ? std::string() : fixed(estimate_mean(values).mean);
}

void add_reward_table(pugi::xml_node section, const RewardsByTurn& turns) {
  std::vector<Column> columns{{"turn", true, {}},          {"expert steps", true, {}}, {"mean", true, {}},
                              {"agent steps", true, {}},   {"mean", true, {}},         {"samples each", true, {}},
                              {"standard error", true, {}}};
  for (const auto& [turn, rewards] : turns) {
    const auto sampled = static_cast<double>(rewards.sampled);
    add_row(columns, {std::to_string(turn + 1), grouped(static_cast<std::int64_t>(rewards.expert.size())),
                      mean_text(rewards.expert), grouped(static_cast<std::int64_t>(rewards.agent.size())),
                      mean_text(rewards.agent), sampled > 0 ? short_number(rewards.samples / sampled) : std::string(),
                      sampled > 0 ? fixed(std::sqrt(rewards.squared_error / sampled)) : std::string()});
  }
  add_table(section, columns);
  add(add(section, "div", {}, "notes"), "p",
      "Standard error: of one step reward, root mean square over the sampled steps of the turn. A step that ended its "
      "episode has its true outcome and no samples.");
}

Status add_step_rewards(pugi::xml_node section, store::RunStore& record) {
  IPR_ASSIGN(const RewardsByTurn turns, rewards_by_turn(record));
  if (turns.empty()) return {};
  double low = 0, high = 1;  // outcomes are in [0, 1] unless an environment says otherwise
  for (const auto& [turn, rewards] : turns) {
    for (const auto* values : {&rewards.expert, &rewards.agent}) {
      for (const double value : *values) {
        low = std::min(low, value);
        high = std::max(high, value);
      }
    }
  }
  add(section, "h3", "Step rewards by turn");
  add_reward_table(section, turns);
  pugi::xml_node grid = add(section, "div", {}, "grid-of-plots");
  for (const auto& [turn, rewards] : turns) {
    if (turn >= kMostTurns) break;
    BarPlot plot;
    plot.title = "Step rewards of turn " + std::to_string(turn + 1);
    plot.x_label = "step reward, from";
    plot.y_label = "steps";
    for (int bin = 0; bin < kBins; ++bin) plot.labels.push_back(general(low + (high - low) * bin / kBins, 3));
    plot.series = {{"expert", histogram(rewards.expert, low, high)}, {"agent", histogram(rewards.agent, low, high)}};
    pugi::xml_node figure = add(grid, "figure");
    add_bar_plot(figure, plot);
    add(figure, "figcaption", plot.title + "; the last bar holds " + general(high, 3) + " as well.");
  }
  return {};
}

}  // namespace

Status add_pairs(pugi::xml_node main, store::RunStore& record) {
  IPR_ASSIGN(const std::vector<store::Pair> pairs, record.pairs());
  pugi::xml_node section = add_section(main, "pairs", "Pairs and step rewards");
  if (!pairs.empty()) add_pair_counts(section, pairs);
  IPR_TRY(add_step_rewards(section, record));
  if (section.first_child() == section.last_child()) main.remove_child(section);  // nothing but the heading
  return {};
}

}  // namespace ipr::report
