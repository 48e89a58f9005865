// The leaderboard as JSON, and the overlaps that a record keeps.

#include "core/report/leaderboard.h"

namespace ipr::report {
namespace {

Json or_null(const std::optional<double>& value) {
  return value ? Json(*value) : Json();
}
Json or_null(const std::optional<Interval>& value) {
  return value ? Json::array({value->low, value->high}) : Json();
}
Json or_null(const std::string& text) {
  return text.empty() ? Json() : Json(text);
}

}  // namespace

Json to_json(const Leaderboard& table) {
  Json rows = Json::array();
  for (const Row& row : table.rows) {
    Json extra = Json::object();
    for (const auto& [name, value] : row.extra) extra[name] = value;
    if (row.infrastructure_errors > 0) extra["infrastructure_errors"] = row.infrastructure_errors;
    rows.push_back({{"run", row.run},
                    {"env", row.env},
                    {"policy", row.policy},
                    {"iteration", row.iteration},
                    {"chosen", row.chosen},
                    {"split", row.split},
                    {"panel", row.panel},
                    {"n", row.n},
                    {"clusters", row.clusters},
                    {"mean", row.mean},
                    {"ci95", or_null(row.ci95)},
                    {"baseline", or_null(row.baseline)},
                    {"diff", or_null(row.diff)},
                    {"diff_ci95", or_null(row.diff_ci95)},
                    {"p", or_null(row.p)},
                    {"test", or_null(row.test)},
                    {"p_adjusted", or_null(row.p_adjusted)},
                    {"mde", or_null(row.mde)},
                    {"overlap", row.overlap},
                    {"extra", extra}});
  }
  Json quoted = Json::array();
  for (const QuotedRow& row : table.quoted)
    quoted.push_back({{"label", row.label},
                      {"env", row.env},
                      {"split", row.split.empty() ? Json() : Json(row.split)},
                      {"mean", row.mean}});
  return {{"rows", rows},
          {"paper", quoted},
          {"cost",
           {{"rollouts", table.cost.rollouts},
            {"tokens_asked", table.cost.tokens_asked},
            {"tokens_computed", table.cost.tokens_computed},
            {"tokens_padding", table.cost.tokens_padding},
            {"seconds", table.cost.seconds}}}};
}

Json to_json(const std::vector<OverlapNote>& overlaps) {
  Json json = Json::array();
  for (const OverlapNote& overlap : overlaps) {
    json.push_back({{"first", overlap.first}, {"second", overlap.second}, {"splits", overlap.splits}});
  }
  return json;
}

Result<std::vector<OverlapNote>> overlaps_from_json(const Json& json, const std::string& what) {
  std::vector<OverlapNote> overlaps;
  try {
    for (const Json& entry : json) {
      overlaps.push_back({entry.at("first"), entry.at("second"), entry.at("splits")});
    }
  } catch (const Json::exception& error) {
    return bad_data(what + ": " + error.what());
  }
  return overlaps;
}

}  // namespace ipr::report
