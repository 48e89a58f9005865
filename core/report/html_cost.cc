// What the run has cost, by iteration and stage.

#include <map>
#include <set>

#include "core/report/format.h"
#include "core/report/html_page.h"
#include "core/report/html_parts.h"
#include "core/report/svg.h"

namespace ipr::report {
namespace {

void add_to(store::Cost& total, const store::Cost& cost) {
  total.rollouts += cost.rollouts;
  total.tokens_asked += cost.tokens_asked;
  total.tokens_computed += cost.tokens_computed;
  total.tokens_padding += cost.tokens_padding;
  total.tokens_generated += cost.tokens_generated;
  total.seconds += cost.seconds;
}

void add_cost_table(pugi::xml_node section, const std::vector<store::Cost>& costs) {
  std::vector<Column> columns{{"iteration", true, {}}, {"stage", false, {}},   {"rollouts", true, {}},
                              {"asked", true, {}},     {"computed", true, {}}, {"padding", true, {}},
                              {"generated", true, {}}, {"seconds", true, {}}};
  const auto row = [&](const std::string& iteration, const store::Cost& cost) {
    add_row(columns,
            {iteration, cost.stage, grouped(cost.rollouts), grouped(cost.tokens_asked), grouped(cost.tokens_computed),
             grouped(cost.tokens_padding), grouped(cost.tokens_generated), fixed(cost.seconds, 1)});
  };
  store::Cost total;
  for (const store::Cost& cost : costs) {
    row(std::to_string(cost.iteration), cost);
    add_to(total, cost);
  }
  total.stage = "all";
  row("", total);
  std::vector<std::string> classes(costs.size());
  classes.emplace_back("chosen");
  add_table(section, columns, classes);
  add(add(section, "div", {}, "notes"), "p",
      "asked: prompt tokens of all requests as if each were computed alone; computed: those that went through the "
      "model, after sharing prefixes; padding: rows of a batch that carried no token. Seconds are wall time of the "
      "stage; training counts its optimizer steps.");
}

void add_seconds(pugi::xml_node section, const std::vector<store::Cost>& costs) {
  std::map<std::string, std::map<std::int32_t, double>> seconds;
  std::set<std::int32_t> iterations;
  for (const store::Cost& cost : costs) {
    seconds[cost.stage][cost.iteration] += cost.seconds;
    iterations.insert(cost.iteration);
  }
  BarPlot plot;
  plot.title = "Seconds by iteration and stage";
  plot.x_label = "iteration (0: the start)";
  plot.y_label = "seconds";
  for (const std::int32_t iteration : iterations) plot.labels.push_back(std::to_string(iteration));
  for (auto& [stage, by_iteration] : seconds) {
    BarSeries series{stage, {}};
    for (const std::int32_t iteration : iterations) series.values.push_back(by_iteration[iteration]);
    plot.series.push_back(std::move(series));
  }
  pugi::xml_node figure = add(add(section, "div", {}, "grid-of-plots"), "figure");
  add_bar_plot(figure, plot);
  add(figure, "figcaption", "Wall time by iteration and stage.");
}

}  // namespace

Status add_cost(pugi::xml_node main, store::RunStore& record) {
  IPR_ASSIGN(const std::vector<store::Cost> costs, record.costs());
  if (costs.empty()) return {};
  pugi::xml_node section = add_section(main, "cost", "Cost");
  add_cost_table(section, costs);
  add_seconds(section, costs);
  return {};
}

}  // namespace ipr::report
