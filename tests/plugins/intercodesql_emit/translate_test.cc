#include <string>

#include "emit/emit.h"
#include "tests/plugins/intercodesql_resolve/small_catalog.h"
#include "tests/support/catch.h"

using namespace intercodesql;

namespace {

Translation translated(const std::string& sql, std::string_view database = "shop") {
  return translate(sql, test::small_catalog(), database, {});
}

RowsQuery rows(const std::string& sql) {
  auto result = translated(sql);
  INFO(sql);
  if (const auto* error = std::get_if<MysqlError>(&result)) FAIL(error->text);
  REQUIRE(std::holds_alternative<RowsQuery>(result));
  return std::get<RowsQuery>(std::move(result));
}

std::string sql_of(const std::string& sql) {
  return rows(sql).sql;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::string error_of(const std::string& sql) {
  const auto result = translated(sql);
  const auto* error = std::get_if<MysqlError>(&result);
  return error == nullptr ? "" : error->text;
}

RowsChange change(const std::string& sql) {
  auto result = translated(sql);
  INFO(sql);
  if (const auto* error = std::get_if<MysqlError>(&result)) FAIL(error->text);
  REQUIRE(std::holds_alternative<RowsChange>(result));
  return std::get<RowsChange>(std::move(result));
}

}  // namespace

TEST_CASE("only names of the catalog reach SQLite", "[emit]") {
  CHECK(sql_of("SELECT X.NAME AS `odd \" name` FROM Item X") ==
        "SELECT t1.\"Name\" AS \"c1\" FROM \"shop\".\"item\" AS t1 ORDER BY t1.\"id\"");
  const RowsQuery query = rows("SELECT Name AS n, id FROM item");
  CHECK(query.columns.at(0).name == "n");
  CHECK(query.columns.at(1).name == "id");
  CHECK(query.databases == std::vector<std::string>{"shop"});
}

TEST_CASE("texts compare with MySQL's collation, texts and numbers as numbers", "[emit]") {
  CHECK(has(sql_of("SELECT 1 FROM item WHERE Name = \"x\""), "(t1.\"Name\" COLLATE MYSQL = 'x')"));
  CHECK(has(sql_of("SELECT 1 FROM item WHERE Name = 5"), "(my_number(t1.\"Name\") = 5)"));
  CHECK(has(sql_of("SELECT 1 FROM item WHERE id = '5'"), "(t1.\"id\" = my_number('5'))"));
  CHECK(has(sql_of("SELECT 1 FROM item WHERE Name IN ('a', 'b')"), "COLLATE MYSQL IN ('a', 'b')"));
  CHECK(has(sql_of("SELECT DISTINCT Name FROM item"), "\"Name\" COLLATE MYSQL AS \"c1\""));
  CHECK(has(sql_of("SELECT COUNT(*) FROM item GROUP BY Name"), "GROUP BY t1.\"Name\" COLLATE MYSQL"));
  CHECK(has(sql_of("SELECT MAX(Name) FROM item"), "max(t1.\"Name\" COLLATE MYSQL)"));
  CHECK(has(sql_of("SELECT 1 FROM item WHERE BINARY Name = 'x'"), "COLLATE BINARY"));
}

TEST_CASE("dates beside texts are compared as dates", "[emit]") {
  CHECK(has(sql_of("SELECT 1 FROM item WHERE added > '2018-3-9'"), "(t1.\"added\" > '2018-03-09')"));
  CHECK(has(sql_of("SELECT 1 FROM owner WHERE born = '2018-03-09'"), "(t1.\"born\" = '2018-03-09 00:00:00')"));
  CHECK(has(sql_of("SELECT 1 FROM item WHERE added = Name"), "my_datetime(t1.\"added\", 6)"));
  CHECK(error_of("SELECT 1 FROM item WHERE added = 'soon'") == "Incorrect DATE value: 'soon'");
  CHECK(error_of("SELECT DATE '2018-13-01'") == "Incorrect DATE value: '2018-13-01'");
}

TEST_CASE("strings are quoted, whatever they hold", "[emit]") {
  CHECK(has(sql_of("SELECT 'it''s'"), "'it''s'"));
  CHECK(has(sql_of("SELECT \"a\\0b\""), "CAST(x'610062' AS TEXT)"));
  CHECK(has(sql_of("SELECT '\"; DROP TABLE item; --'"), "'\"; DROP TABLE item; --'"));
}

TEST_CASE("|| is OR, / is never an integer, decimals are rounded", "[emit]") {
  CHECK(has(sql_of("SELECT id || owner_id FROM item"), "(t1.\"id\" OR t1.\"owner_id\")"));
  CHECK(has(sql_of("SELECT id / 2 FROM item"), "my_divide(t1.\"id\", 2)"));
  CHECK(has(sql_of("SELECT price + 0.5 FROM item"), "my_decimal((t1.\"price\" + 0.5), 2)"));
}

TEST_CASE("a subquery for a value is made to have one row", "[emit]") {
  CHECK(has(sql_of("SELECT (SELECT id FROM owner) FROM item"), "my_only_row(\"c1\")"));
  CHECK_FALSE(has(sql_of("SELECT (SELECT MAX(id) FROM owner) FROM item"), "my_only_row"));
  CHECK_FALSE(has(sql_of("SELECT (SELECT id FROM owner LIMIT 1) FROM item"), "my_only_row"));
}

TEST_CASE("long lists of conditions do not nest deeply", "[emit]") {
  std::string sql = "SELECT 1 FROM item WHERE id = 0";
  for (int i = 1; i < 3000; ++i) sql += " OR id = " + std::to_string(i);
  const std::string text = sql_of(sql);
  int depth = 0;
  int deepest = 0;
  for (const char c : text) {
    depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    deepest = std::max(deepest, depth);
  }
  CHECK(deepest < 10);
}

TEST_CASE("rows and groups that ORDER BY does not tell apart come in MySQL's order", "[emit]") {
  CHECK(has(sql_of("SELECT Name FROM item"), "ORDER BY t1.\"id\""));
  CHECK(has(sql_of("SELECT Name, COUNT(*) FROM item GROUP BY Name"), "ORDER BY min(t1.\"id\")"));
  CHECK(
      has(sql_of("SELECT Name, COUNT(DISTINCT price) FROM item GROUP BY Name"), "ORDER BY t1.\"Name\" COLLATE MYSQL"));
  CHECK(has(sql_of("SELECT DISTINCT Name FROM item"), "GROUP BY \"c1\" COLLATE MYSQL ORDER BY min(\"o\")"));
  CHECK(has(sql_of("SELECT Name FROM item UNION SELECT city FROM owner"), "min(\"n\") AS \"n\""));
  CHECK_FALSE(has(sql_of("SELECT 1 FROM item WHERE Name IN (SELECT city FROM owner GROUP BY city)"), "min("));
}

TEST_CASE("ORDER BY is left to the engine at the outside, and to a function inside", "[emit]") {
  const RowsQuery outside = rows("SELECT Name FROM item ORDER BY price DESC, Name LIMIT 3 OFFSET 2");
  REQUIRE(outside.sort.has_value());
  CHECK(outside.sort->order.directions == "dA");
  CHECK(outside.sort->order.limit == 5u);
  CHECK(outside.sort->offset == 2);
  CHECK(outside.columns.size() == 1);
  CHECK(has(outside.sql, "AS \"c1\", t1.\"price\", t1.\"Name\" FROM"));
  CHECK(has(outside.sort->without_keys, "LIMIT 3 OFFSET 2"));
  const RowsQuery grouped = rows("SELECT Name FROM item GROUP BY Name HAVING COUNT(*) > 1 ORDER BY COUNT(*) LIMIT 1");
  REQUIRE(grouped.sort.has_value());
  CHECK_FALSE(grouped.sort->order.limit.has_value());
  CHECK(grouped.sort->end == 1);
  const RowsQuery inside = rows("SELECT (SELECT Name FROM item ORDER BY price LIMIT 1)");
  CHECK_FALSE(inside.sort.has_value());
  CHECK(has(inside.sql, "my_filesort('a', 1, "));
}

TEST_CASE("the clock, random numbers and variables are marked", "[emit]") {
  CHECK(rows("SELECT NOW()").uses_session);
  CHECK(rows("SELECT RAND()").uses_session);
  CHECK(rows("SELECT @x").uses_session);
  CHECK_FALSE(rows("SELECT UPPER('a')").uses_session);
}

TEST_CASE("changes write one table, every value as its column stores it", "[emit]") {
  const RowsChange insert = change("INSERT INTO item (id, Name) VALUES (1, 'a'), (2, DEFAULT)");
  CHECK(insert.kind == RowsChange::Kind::kInsert);
  CHECK(insert.table == "item");
  CHECK(has(insert.sql, "my_store('a', 'varchar(20)', 'Name')"));
  CHECK(change("REPLACE INTO owner SELECT * FROM owner").kind == RowsChange::Kind::kReplace);
  const RowsChange update = change("UPDATE item SET price = price * 2 WHERE id < 5 ORDER BY id LIMIT 2");
  CHECK(has(update.sql, "UPDATE \"shop\".\"item\" AS target SET \"price\" ="));
  CHECK(has(update.sql, "LIMIT 2"));
  CHECK(has(change("DELETE FROM item WHERE id = 1").sql,
            "DELETE FROM \"shop\".\"item\" WHERE (\"id\") IN (SELECT t1.\"id\""));
  CHECK(change("DELETE i FROM item i JOIN owner o ON i.owner_id = o.id").table == "item");
  CHECK(error_of("INSERT INTO item (id) VALUES (1, 2)") == "Column count doesn't match value count at row 1");
  CHECK(error_of("INSERT INTO item (x) VALUES (1)") == "Unknown column 'x' in 'field list'");
  CHECK(error_of("UPDATE item SET x = 1") == "Unknown column 'x' in 'field list'");
  CHECK(error_of("DELETE FROM nothing") == "Table 'shop.nothing' doesn't exist");
}

TEST_CASE("other statements come back as their tree, their names checked", "[emit]") {
  CHECK(std::holds_alternative<OtherStatement>(translated("SHOW TABLES")));
  CHECK(std::holds_alternative<OtherStatement>(translated("DESC item")));
  CHECK(error_of("DESC nothing") == "Table 'shop.nothing' doesn't exist");
  CHECK(error_of("DESC nowhere.item") == "Unknown database 'nowhere'");
  CHECK(error_of("USE nowhere") == "Unknown database 'nowhere'");
  CHECK(error_of("SELECT 1; SELECT 2").find("near 'SELECT 2' at line 1") != std::string::npos);
}
