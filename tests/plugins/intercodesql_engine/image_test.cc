#include "engine/image.h"

#include "engine/declared_type.h"
#include "engine/memory_vfs.h"
#include "ipr/plugin.hpp"
#include "tests/support/catch.h"

namespace intercodesql {
namespace {

Column column(const std::string& name, const std::string& type) {
  Column result;
  result.name = name;
  const auto declared = read_declared_type(type);
  result.type = declared->type;
  result.type_text = declared->type_text;
  return result;
}

DatabaseContents people() {
  Table table;
  table.name = "people";
  table.columns = {column("code", "char(3)"), column("n", "int"), column("pay", "decimal(10,2)")};
  table.indexes = {Index{"PRIMARY", {0, 1}, {}, true}};
  settle_keys(table);
  return {Schema{"shop", {table}},
          {{{Value::of_text("b  "), Value::of_int(2), Value::of_text("1.50")},
            {Value::of_text("A"), Value::of_int(9), Value::of_text("2.25")},
            {Value::of_text("b"), Value::of_int(1), Value::null()}}}};
}

std::string all_rows(sqlite3* connection, const std::string& sql) {
  std::string text;
  const auto statement = sqlite::prepare(connection, sql);
  while (sqlite3_step(statement.get()) == SQLITE_ROW) {
    for (int i = 0; i < sqlite3_column_count(statement.get()); ++i) {
      const auto* cell = reinterpret_cast<const char*>(sqlite3_column_text(statement.get(), i));
      text += std::string(cell != nullptr ? cell : "NULL") + "|";
    }
  }
  return text;
}

int no_collation(void*, int, const void*, int, const void*) {
  return 0;
}

sqlite::Database connection() {
  sqlite::Database opened = sqlite::open_in_memory();
  sqlite3_create_collation_v2(opened.get(), "MYSQL", SQLITE_UTF8, nullptr, no_collation, nullptr);
  return opened;
}

TEST_CASE("an image holds its rows in the order of the primary key", "[intercodesql]") {
  const Image image = make_image(people());
  const auto reader = connection();
  attach_image(reader.get(), "shop", *image);
  CHECK(all_rows(reader.get(), "SELECT * FROM shop.people") == "A|9|2.25|b|1|NULL|b|2|1.5|");
}

TEST_CASE("an attached image cannot be written; a copy can, up to its size, and leaves the image as it was",
          "[intercodesql]") {
  const Image image = make_image(people());
  const std::string before = *image;
  const auto reader = connection();
  attach_image(reader.get(), "shop", *image);
  CHECK_THROWS_AS(sqlite::run(reader.get(), "DELETE FROM shop.people"), sqlite::Error);

  const auto writer = connection();
  attach_copy(writer.get(), "shop", *image, 100000);
  sqlite::run(writer.get(), "DELETE FROM shop.people WHERE n = 9");
  const Image after = image_of(writer.get(), "shop");
  CHECK_THROWS_AS(sqlite::run(writer.get(), "CREATE TABLE shop.big AS SELECT zeroblob(200000)"), sqlite::Error);
  CHECK(*image == before);

  const auto second = connection();
  attach_image(second.get(), "shop", *after);
  CHECK(all_rows(second.get(), "SELECT n FROM shop.people") == "1|2|");
}

TEST_CASE("rows that break a key are refused with their place", "[intercodesql]") {
  DatabaseContents contents = people();
  contents.rows[0].push_back({Value::of_text("B"), Value::of_int(1), Value::null()});
  CHECK_THROWS_WITH(make_image(contents), Catch::Contains("database \"shop\", table \"people\", row 4: UNIQUE"));
  contents.rows[0].back() = {Value::of_int(1)};
  CHECK_THROWS_WITH(make_image(contents), Catch::Contains("row 4: expected 3 cells, found 1"));
}

TEST_CASE("nothing reaches the disk, and sorts spill within their budget", "[intercodesql]") {
  const auto database = connection();
  CHECK_THROWS_AS(sqlite::run(database.get(), "ATTACH '/tmp/intercodesql-escape.db' AS x; CREATE TABLE x.t (a)"),
                  sqlite::Error);
  const std::string sort =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) "
      "SELECT count(*) FROM (SELECT zeroblob(1000) || i AS b FROM n ORDER BY 1 LIMIT 9999)";
  {
    const sqlite::SpillBudget budget(1000);
    CHECK_THROWS_AS(sqlite::run(database.get(), sort), sqlite::Error);
  }
  const sqlite::SpillBudget budget(100'000'000);
  CHECK_NOTHROW(sqlite::run(database.get(), sort));
}

}  // namespace
}  // namespace intercodesql
