#include <fstream>
#include <sstream>

#include "import/mysql_dump.h"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"

namespace intercodesql {
namespace {

TEST_CASE("the released dump gives 20 databases, 81 tables and 6952 rows", "[intercodesql][golden]") {
  const std::string path = ipr::test::shared_file("data/intercodesql/ic_spider_dbs.sql");
  if (path.empty()) return;
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  const auto databases = read_mysql_dump(text.str(), path);
  std::size_t tables = 0;
  std::size_t rows = 0;
  std::size_t bytes = 0;
  for (const DatabaseContents& database : databases) {
    tables += database.schema.tables.size();
    for (const auto& table_rows : database.rows) rows += table_rows.size();
    bytes += make_image(database)->size();
  }
  CHECK(databases.size() == 20);
  CHECK(tables == 81);
  CHECK(rows == 6952);
  CHECK(bytes < 2'000'000);
}

}  // namespace
}  // namespace intercodesql
