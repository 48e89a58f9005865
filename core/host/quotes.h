// Results of others, in points, that stand beside one's own: rows such as
// {"label": "IPR", "rewards": {"webshop": 71.3, "alfworld/valid_seen": 70.3}}.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/base/json.h"
#include "core/base/status.h"

namespace ipr::host {

struct Quote {
  std::string label;
  std::vector<std::pair<std::string, double>> rewards;  // environment, or environment/split -> points
};

// `where` begins every message. Code::kUsage where the rows are of another form.
[[nodiscard]] Result<std::vector<Quote>> read_quotes(const Json& rows, const std::string& where);

// A table of a file such as examples/paper-results.json. Code::kUsage names the tables that it has.
[[nodiscard]] Result<std::vector<Quote>> read_quote_table(const std::string& path, const std::string& table);

}  // namespace ipr::host
