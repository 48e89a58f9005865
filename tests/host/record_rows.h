// Reading a run's record with SQL.
#pragma once

#include <string>
#include <vector>

namespace ipr::test {

using Row = std::vector<std::string>;  // NULL is the empty text

[[nodiscard]] std::vector<Row> rows(const std::string& database, const std::string& query);

}  // namespace ipr::test
