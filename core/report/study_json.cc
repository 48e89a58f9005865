// A study's table as a document for machines (docs/json.md).

#include "core/report/study.h"

namespace ipr::report {
namespace {

Json or_null(const std::optional<double>& value) {
  return value ? Json(*value) : Json();
}
Json interval_json(const std::optional<Interval>& interval) {
  return interval ? Json{interval->low, interval->high} : Json();
}

const char* kind_name(StudyRowKind kind) {
  return kind == StudyRowKind::kMethod ? "method" : kind == StudyRowKind::kAgent ? "agent" : "paper";
}

Json entry_json(const StudyEntry& entry) {
  return {{"seeds", entry.seeds},
          {"mean", entry.seeds > 0 ? Json(entry.estimate.mean) : Json()},
          {"ci95", interval_json(entry.estimate.interval)},
          {"sd", or_null(entry.sd)},
          {"by_iteration", entry.by_iteration},
          {"iterations_sd", or_null(entry.iterations_sd)}};
}

Json row_json(const StudyTable& table, std::size_t i) {
  const StudyRow& row = table.input.rows[i];
  Json columns = Json::object(), seeds = Json::object();
  for (const std::string& column : table.input.columns) {
    columns[column] = entry_json(table.entries[i].at(column));
    const auto found = row.results.find(column);
    if (found == row.results.end()) continue;
    for (const StudyResult& result : found->second)
      seeds[column].push_back(
          {{"seed", result.seed}, {"mean", result.tasks.mean()}, {"n", result.tasks.outcomes.size()}});
  }
  return {{"row", row.name},
          {"kind", kind_name(row.kind)},
          {"points", row.quoted},
          {"columns", std::move(columns)},
          {"by_seed", std::move(seeds)},
          {"average", entry_json(table.averages[i])}};
}

Json comparison_json(const StudyComparison& c) {
  const bool relative = c.seeds > 0 && c.baseline_mean != 0;
  return {{"row", c.row},
          {"baseline", c.baseline},
          {"column", c.column},
          {"primary", c.primary},
          {"seeds", c.seeds},
          {"tasks", c.tasks},
          {"diff", c.seeds > 0 ? Json(c.found.difference.mean) : Json()},
          {"diff_ci95", interval_json(c.found.difference.interval)},
          {"relative", relative ? Json(c.found.difference.mean / c.baseline_mean) : Json()},
          {"p", or_null(c.found.p)},
          {"test", c.found.p ? Json(c.found.test) : Json()},
          {"p_adjusted", or_null(c.p_adjusted)},
          {"compared", c.compared},
          {"mde", or_null(c.found.mde)},
          {"above", c.above},
          {"below", c.below},
          {"sentence", study_sentence(c)}};
}

}  // namespace

Json to_json(const StudyTable& table) {
  Json rows = Json::array(), comparisons = Json::array(), costs = Json::array(), points = Json::array();
  for (std::size_t i = 0; i < table.input.rows.size(); ++i) rows.push_back(row_json(table, i));
  for (const StudyComparison& comparison : table.comparisons) comparisons.push_back(comparison_json(comparison));
  for (const StudyCost& c : table.input.costs) {
    costs.push_back({{"row", c.row},
                     {"env", c.env},
                     {"runs", c.runs},
                     {"explored", c.cost.explored},
                     {"scoring_rollouts", c.cost.scoring_rollouts},
                     {"tokens_generated", c.cost.tokens_generated},
                     {"seconds", c.cost.seconds},
                     {"sft_seconds", c.cost.sft_seconds}});
  }
  for (const StudyPoint& p : table.input.points)
    points.push_back({{"row", p.row}, {"env", p.env}, {"point", p.point}, {"dev", p.dev}, {"chosen", p.chosen}});
  return {{"study", table.input.name}, {"columns", table.input.columns},
          {"rows", std::move(rows)},   {"comparisons", std::move(comparisons)},
          {"cost", std::move(costs)},  {"grid", std::move(points)},
          {"notes", table.input.notes}};
}

}  // namespace ipr::report
