#include "core/host/quotes.h"

#include "core/base/strings.h"

namespace ipr::host {

Result<std::vector<Quote>> read_quotes(const Json& rows, const std::string& where) {
  if (!rows.is_array()) return usage(where + ": expected a list of rows");
  std::vector<Quote> quotes;
  for (const Json& row : rows) {
    const Json rewards = row.is_object() ? row.value("rewards", Json()) : Json();
    if (!rewards.is_object() || !row.value("label", Json()).is_string())
      return usage(where + R"(: expected rows such as {"label": "IPR", "rewards": {"ENVIRONMENT": 71.3}})");
    Quote quote{row["label"], {}};
    for (const auto& [column, points] : rewards.items()) {
      if (!points.is_number())
        return usage(where + ": " + quote.label + ": " + column + ": expected a number of points");
      quote.rewards.emplace_back(column, points.get<double>());
    }
    quotes.push_back(std::move(quote));
  }
  return quotes;
}

Result<std::vector<Quote>> read_quote_table(const std::string& path, const std::string& table) {
  IPR_ASSIGN(const Json source, read_json(path, /*allow_comments=*/true));
  const Json tables = source.is_object() ? source.value("tables", Json::object()) : Json::object();
  if (!tables.is_object() || !tables.contains(table)) {
    std::vector<std::string> known;
    if (tables.is_object())
      for (const auto& [name, rows] : tables.items()) known.push_back(name);
    return usage(path + ": has no table \"" + table + "\"" + did_you_mean(table, known));
  }
  return read_quotes(tables[table], path + ": table \"" + table + "\"");
}

}  // namespace ipr::host
