#include "tests/host/record_rows.h"

#include <sqlite3.h>

#include <memory>

#include "tests/support/catch.h"

namespace ipr::test {

std::vector<Row> rows(const std::string& database, const std::string& query) {
  sqlite3* opened = nullptr;
  REQUIRE(sqlite3_open_v2(database.c_str(), &opened, SQLITE_OPEN_READONLY, nullptr) == SQLITE_OK);
  const std::unique_ptr<sqlite3, int (*)(sqlite3*)> closing(opened, sqlite3_close);
  std::vector<Row> found;
  const auto take = [](void* into, int columns, char** values, char**) {
    Row row;
    for (int i = 0; i < columns; ++i) row.emplace_back(values[i] == nullptr ? "" : values[i]);
    static_cast<std::vector<Row>*>(into)->push_back(std::move(row));
    return 0;
  };
  REQUIRE(sqlite3_exec(opened, query.c_str(), take, &found, nullptr) == SQLITE_OK);
  return found;
}

}  // namespace ipr::test
