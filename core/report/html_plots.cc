// The sections with plots: reward by iteration, training curves, pairs and step rewards.

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

constexpr std::size_t kMostPoints = 150;  // of a curve: beyond that, means of neighbours are drawn
constexpr int kBins = 10;

// Means of equally long stretches, so that a long curve stays readable and the page small.
std::vector<Point> thinned(const std::vector<Point>& points) {
  const std::size_t stretch = (points.size() + kMostPoints - 1) / kMostPoints;
  if (stretch < 2) return points;
  std::vector<Point> means;
  for (std::size_t start = 0; start < points.size(); start += stretch) {
    const std::size_t end = std::min(points.size(), start + stretch);
    Point mean;
    for (std::size_t i = start; i < end; ++i) {
      mean.x += points[i].x / static_cast<double>(end - start);
      mean.y += points[i].y / static_cast<double>(end - start);
    }
    means.push_back(mean);
  }
  return means;
}

std::string iteration_name(std::int32_t iteration) {
  return iteration == 0 ? "start" : "iteration " + std::to_string(iteration);
}

Status add_curve(pugi::xml_node grid, store::RunStore& record, const std::string& stage, const std::string& name) {
  IPR_ASSIGN(const std::vector<store::Metric> metrics, record.metrics(stage, name));
  std::map<std::int32_t, std::vector<Point>> curves;
  std::size_t longest = 0;
  for (const store::Metric& metric : metrics) {
    auto& curve = curves[metric.iteration];
    curve.push_back({static_cast<double>(metric.step), metric.value, {}});
    longest = std::max(longest, curve.size());
  }
  if (metrics.size() < 2) return {};
  LinePlot plot;
  plot.title = stage + ": " + name;
  plot.width = 400;
  plot.height = 240;
  if (longest == 1) {  // one value per iteration: a curve over iterations
    Series series;
    for (const auto& [iteration, points] : curves) series.points.push_back({double(iteration), points[0].y, {}});
    plot.series.push_back(series);
    plot.x_label = "iteration";
    plot.whole_x = true;
  } else {
    for (const auto& [iteration, points] : curves) plot.series.push_back({iteration_name(iteration), thinned(points)});
    plot.x_label = "step";
    plot.marks = false;
  }
  pugi::xml_node figure = add(grid, "figure");
  if (add_line_plot(figure, plot).empty()) {
    grid.remove_child(figure);
    return {};
  }
  const std::size_t stretch = (longest + kMostPoints - 1) / kMostPoints;
  add(figure, "figcaption", plot.title + (stretch > 1 ? ", means of " + std::to_string(stretch) + " points" : ""));
  return {};
}

struct PairCount {
  std::int64_t pairs = 0, expert_won = 0, gaps = 0;
  double outcome_gap = 0, step_gap = 0;
};

void add_pair_counts(pugi::xml_node section, const std::vector<store::Pair>& pairs) {
  std::map<std::pair<std::int32_t, std::string>, PairCount> counts;
  std::set<std::int32_t> iterations;
  std::set<std::string> kinds;
  for (const store::Pair& pair : pairs) {
    PairCount& count = counts[{pair.iteration, pair.kind}];
    ++count.pairs;
    count.expert_won += pair.expert_won;
    if (!std::isnan(pair.outcome_gap)) count.outcome_gap += pair.outcome_gap;
    if (!std::isnan(pair.step_gap)) {
      count.step_gap += pair.step_gap;
      ++count.gaps;
    }
    iterations.insert(pair.iteration);
    kinds.insert(pair.kind);
  }
  std::vector<Column> columns{
      {"iteration", true, {}},        {"kind", false, {}},        {"pairs", true, {}}, {"expert won", true, {}},
      {"mean outcome gap", true, {}}, {"mean step gap", true, {}}};
  for (const auto& [key, count] : counts) {
    const double n = static_cast<double>(count.pairs);
    const std::vector<std::string> cells{
        std::to_string(key.first),
        key.second,
        grouped(count.pairs),
        fixed(100 * static_cast<double>(count.expert_won) / n, 0) + " %",
        with_sign(count.outcome_gap / n),
        count.gaps > 0 ? with_sign(count.step_gap / static_cast<double>(count.gaps)) : std::string()};
    for (std::size_t c = 0; c < cells.size(); ++c) columns[c].cells.push_back(cells[c]);
  }
  add_table(section, columns);
  BarPlot plot;
  plot.title = "Pairs by iteration";
  plot.x_label = "iteration";
  plot.y_label = "pairs";
  for (const std::int32_t iteration : iterations) plot.labels.push_back(std::to_string(iteration));
  for (const std::string& kind : kinds) {
    BarSeries series{kind, {}};
    for (const std::int32_t iteration : iterations) {
      series.values.push_back(static_cast<double>(counts[{iteration, kind}].pairs));
    }
    plot.series.push_back(series);
  }
  pugi::xml_node figure = add(section, "figure");
  add_bar_plot(figure, plot);
  add(figure, "figcaption", "Pairs that went into training, by kind.");
}

// Shares of `values` in kBins equal bins over [low, high].
std::vector<double> histogram(const std::vector<double>& values, double low, double high) {
  std::vector<double> shares(kBins, 0.0);
  for (const double value : values) {
    const int bin = static_cast<int>((value - low) / (high - low) * kBins + 1e-9);
    shares[static_cast<std::size_t>(std::clamp(bin, 0, kBins - 1))] += 100 / static_cast<double>(values.size());
  }
  return shares;
}

Status add_step_rewards(pugi::xml_node section, store::RunStore& record) {
  IPR_ASSIGN(const std::vector<store::StepScore> scores, record.all_scores());
  if (scores.empty()) return {};
  std::set<std::int64_t> expert;
  store::EpisodeFilter filter;
  filter.stage = store::kExpert;
  IPR_TRY(record.for_each_episode(filter, store::Turns::kSkip, [&](const store::Episode& episode) {
    expert.insert(episode.id);
    return Status();
  }));
  std::vector<double> of_expert, of_agent;
  double low = 0, high = 1;  // outcomes are in [0, 1] unless an environment says otherwise
  for (const store::StepScore& score : scores) {
    (expert.contains(score.episode_id) ? of_expert : of_agent).push_back(score.value);
    low = std::min(low, score.value);
    high = std::max(high, score.value);
  }
  BarPlot plot;
  plot.title = "Distribution of step rewards";
  plot.x_label = "step reward, from";
  plot.y_label = "% of steps";
  for (int bin = 0; bin < kBins; ++bin) plot.labels.push_back(general(low + (high - low) * bin / kBins, 3));
  if (!of_expert.empty()) plot.series.push_back({"expert steps", histogram(of_expert, low, high)});
  if (!of_agent.empty()) plot.series.push_back({"agent steps", histogram(of_agent, low, high)});
  pugi::xml_node figure = add(section, "figure");
  add_bar_plot(figure, plot);
  add(figure, "figcaption",
      "Step rewards of " + grouped(static_cast<std::int64_t>(of_expert.size())) + " expert and " +
          grouped(static_cast<std::int64_t>(of_agent.size())) + " agent steps; the last bar holds " + general(high, 3) +
          " as well.");
  return {};
}

}  // namespace

Status add_reward_curve(pugi::xml_node main, const ReportInput& input) {
  LeaderboardOptions all = input.table;
  all.splits.clear();
  IPR_ASSIGN(const Leaderboard table, make_leaderboard({input.run}, all));
  IPR_ASSIGN(const std::vector<store::Policy> policies, input.run.record->policies());
  const auto trained = [&](const Row& row) {
    return std::any_of(policies.begin(), policies.end(), [&](const auto& known) { return known.name == row.policy; });
  };
  LinePlot plot;
  plot.title = "Mean reward by iteration";
  plot.x_label = "iteration (0: the SFT start)";
  plot.y_label = "reward";
  plot.whole_x = true;
  for (const Row& row : table.rows) {
    if (!trained(row)) continue;
    if (plot.series.empty() || plot.series.back().name != row.split) plot.series.push_back({row.split, {}});
    plot.series.back().points.push_back({static_cast<double>(row.iteration), row.mean, row.ci95});
  }
  if (plot.series.empty()) return {};
  pugi::xml_node figure = add(add_section(main, "curve", "Reward by iteration"), "figure");
  add_line_plot(figure, plot);
  add(figure, "figcaption",
      "Mean outcome reward per task with its 95 % interval. Intervals of single policies overlap more than those of "
      "the "
      "paired differences in the table, which compare the same tasks.");
  return {};
}

Status add_training_curves(pugi::xml_node main, store::RunStore& record) {
  IPR_ASSIGN(const auto names, record.metric_names());
  if (names.empty()) return {};
  pugi::xml_node section = add_section(main, "training", "Training curves");
  pugi::xml_node grid = add(section, "div", {}, "grid-of-plots");
  for (const auto& [stage, name] : names) IPR_TRY(add_curve(grid, record, stage, name));
  if (grid.first_child().empty()) main.remove_child(section);
  return {};
}

Status add_pairs(pugi::xml_node main, store::RunStore& record) {
  IPR_ASSIGN(const std::vector<store::Pair> pairs, record.pairs());
  pugi::xml_node section = add_section(main, "pairs", "Pairs and step rewards");
  if (!pairs.empty()) add_pair_counts(section, pairs);
  IPR_TRY(add_step_rewards(section, record));
  if (section.first_child() == section.last_child()) main.remove_child(section);  // nothing but the heading
  return {};
}

}  // namespace ipr::report
