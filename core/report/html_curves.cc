// The sections with curves: reward by iteration, training.

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "core/report/format.h"
#include "core/report/html_page.h"
#include "core/report/html_parts.h"
#include "core/report/svg.h"

namespace ipr::report {
namespace {

constexpr std::size_t kMostPoints = 120;  // of a curve: beyond that, means of neighbours are drawn

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
  plot.title = stage + ": " + name;  // also the caption, so that the axis needs no name
  if (longest == 1) {                // one value per iteration: a curve over iterations
    Series series;
    for (const auto& [iteration, points] : curves) series.points.push_back({double(iteration), points[0].y, {}});
    plot.series.push_back(series);
    plot.x_label = "iteration";
    plot.whole_x = true;
  } else {
    for (const auto& [iteration, points] : curves) plot.series.push_back({iteration_name(iteration), thinned(points)});
    plot.x_label = "optimizer step";
    plot.marks = false;
  }
  pugi::xml_node figure = add(grid, "figure");
  if (add_line_plot(figure, plot).empty()) {
    grid.remove_child(figure);
    return {};
  }
  const std::size_t stretch = (longest + kMostPoints - 1) / kMostPoints;
  add(figure, "figcaption", plot.title + (stretch > 1 ? ", means of " + std::to_string(stretch) + " steps" : ""));
  return {};
}

using Name = std::pair<std::string, std::string>;  // stage, metric

// In the order of the work; in a stage its loss, then what the optimizer reports, then how the steps were made.
std::tuple<int, std::string, int, std::string> place_of(const Name& name) {
  const auto& [stage, metric] = name;
  const int first = stage == "sft" ? 0 : stage == "train" ? 1 : 2;
  const int rank = metric == "loss" ? 0 : metric == "grad_norm" ? 2 : metric == "lr" ? 3 : 1;
  return {first, stage, rank, metric};
}

void add_split(std::vector<Series>& series, const Row& row, double mean, const std::optional<Interval>& interval) {
  if (series.empty() || series.back().name != row.split) series.push_back({row.split, {}});
  series.back().points.push_back({static_cast<double>(row.iteration), mean, interval});
}

void add_figure(pugi::xml_node grid, const LinePlot& plot, const std::string& caption) {
  pugi::xml_node figure = add(grid, "figure");
  add_line_plot(figure, plot);
  add(figure, "figcaption", caption);
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
  LinePlot reward, gain;
  reward.title = "Mean reward by iteration";
  reward.y_label = "mean outcome reward";
  gain.title = "Reward minus that of " + all.baseline + ", by iteration";
  gain.y_label = "difference in reward";
  gain.level = 0;
  reward.x_label = gain.x_label = "iteration (0: the start)";
  reward.whole_x = gain.whole_x = true;
  for (const Row& row : table.rows) {
    if (!trained(row)) continue;
    add_split(reward.series, row, row.mean, row.ci95);
    if (row.diff) add_split(gain.series, row, *row.diff, row.diff_ci95);
  }
  if (reward.series.empty()) return {};
  pugi::xml_node grid = add(add_section(main, "curve", "Reward by iteration"), "div", {}, "grid-of-plots");
  add_figure(grid, reward, "Mean outcome reward per task with its 95 % interval.");
  if (!gain.series.empty()) {
    add_figure(grid, gain,
               "Difference to " + all.baseline +
                   ", paired by task, with its 95 % interval; the dashed line is no difference. Intervals of single "
                   "policies (left) overlap more than those of paired differences, which compare the same tasks.");
  }
  return {};
}

Status add_training_curves(pugi::xml_node main, store::RunStore& record) {
  IPR_ASSIGN(std::vector<Name> names, record.metric_names());
  if (names.empty()) return {};
  std::sort(names.begin(), names.end(), [](const Name& a, const Name& b) { return place_of(a) < place_of(b); });
  pugi::xml_node section = add_section(main, "training", "Training curves");
  pugi::xml_node grid = add(section, "div", {}, "grid-of-plots");
  for (const auto& [stage, name] : names) IPR_TRY(add_curve(grid, record, stage, name));
  if (grid.first_child().empty()) main.remove_child(section);
  return {};
}

}  // namespace ipr::report
