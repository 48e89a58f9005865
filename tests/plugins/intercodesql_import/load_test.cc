// Spider's layout, and the cache of what was read.
#include "import/load.h"

#include <filesystem>
#include <fstream>

#include "import/spider.h"
#include "ipr/plugin.hpp"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"

namespace intercodesql {
namespace {

namespace fs = std::filesystem;

void write_file(const std::string& path, const std::string& text) {
  fs::create_directories(fs::path(path).parent_path());
  std::ofstream(path) << text;
}

void write_database(const std::string& path, const char* sql) {
  fs::create_directories(fs::path(path).parent_path());
  sqlite3* opened = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &opened) == SQLITE_OK);
  const sqlite::Database database(opened);
  sqlite::run(opened, sql);
}

const char* kTables = R"([
  {"db_id": "Shop", "table_names_original": ["Item", "Owner"], "foreign_keys": [[4, 5]], "primary_keys": [1, 5],
   "column_names_original": [[-1, "*"], [0, "Id"], [0, "Name"], [0, "Made"], [0, "Owner_ID"], [1, "ID"], [1, "Age"]]},
  {"db_id": "absent", "table_names_original": [], "foreign_keys": [], "primary_keys": [], "column_names_original": []}
])";

TEST_CASE("Spider's databases keep types that their rows fit, keys and foreign keys", "[intercodesql]") {
  const ipr::test::TempFolder folder;
  write_file(folder.file("tables.json"), kTables);
  write_database(folder.file("database/Shop/Shop.sqlite"),
                 "CREATE TABLE Item (Id INTEGER PRIMARY KEY, Name varchar(3), Made date, Owner_ID INT);"
                 "INSERT INTO Item VALUES (2, 'longer', '2018-3-9', 7), (1, NULL, NULL, 7);"
                 "CREATE TABLE Owner (ID int PRIMARY KEY, Age INT);"
                 "INSERT INTO Owner VALUES (7, 3.5), (8, 4);"
                 "INSERT INTO Owner SELECT 9, CAST(X'C9' AS TEXT) WHERE 0;");
  const auto databases = read_spider(folder.path());
  REQUIRE(databases.size() == 1);
  const Schema& schema = databases[0].schema;
  CHECK(schema.database == "shop");
  REQUIRE(schema.tables.size() == 2);
  const Table& item = schema.tables[0];
  CHECK(item.name == "item");
  CHECK(item.columns[0].type_text == "int");
  CHECK(item.columns[0].key == "PRI");
  CHECK(item.columns[1].type_text == "text");  // longer than its declaration
  CHECK(item.columns[2].type_text == "date");
  CHECK(item.columns[3].key == "MUL");
  REQUIRE(item.foreign_keys.size() == 1);
  CHECK(item.foreign_keys[0].table == "owner");
  CHECK(databases[0].rows[0][1][2] == Value::of_text("2018-03-09"));
  CHECK(schema.tables[1].columns[1].type_text == "double");
  CHECK_NOTHROW(make_image(databases[0]));
}

TEST_CASE("a folder that is not Spider's is refused with the file", "[intercodesql]") {
  const ipr::test::TempFolder folder;
  CHECK_THROWS_WITH(read_spider(folder.path()), Catch::Contains("tables.json: cannot be read"));
  write_file(folder.file("tables.json"), "{");
  CHECK_THROWS_WITH(read_spider(folder.path()), Catch::Contains("tables.json: expected Spider's list of schemas"));
  write_file(folder.file("tables.json"), kTables);
  CHECK_THROWS_WITH(read_spider(folder.path()), Catch::Contains("expected database/<db_id>/<db_id>.sqlite"));
  write_file(folder.file("database/Shop/Shop.sqlite"), "no database");
  CHECK_THROWS_AS(read_spider(folder.path()), ipr::sdk::Failure);
  CHECK_THROWS_WITH(load_databases(folder.file("none"), ""), Catch::Contains("no such file"));
}

TEST_CASE("a cache gives the same databases, and a damaged one is read anew", "[intercodesql]") {
  const ipr::test::TempFolder folder;
  const std::string dump = folder.file("dump.sql");
  write_file(dump,
             "CREATE DATABASE d; USE d;\nCREATE TABLE t (a int NOT NULL AUTO_INCREMENT, b char(3) DEFAULT 'x', "
             "PRIMARY KEY (a), KEY k (b(2))) AUTO_INCREMENT=9;\nINSERT INTO t VALUES (1,'y');");
  const std::string cache = folder.file("cache");
  fs::create_directories(cache);
  const std::string first = pack_databases(load_databases(dump, cache));
  REQUIRE(fs::directory_iterator(cache) != fs::directory_iterator());
  const std::string file = fs::directory_iterator(cache)->path().string();
  CHECK(pack_databases(load_databases(dump, cache)) == first);
  const auto databases = unpack_databases(first);
  REQUIRE(databases.size() == 1);
  CHECK(databases[0].schema->tables[0].columns[1].default_text == "x");
  CHECK(databases[0].schema->tables[0].next_auto_id == 9);
  CHECK(databases[0].schema->tables[0].columns[0].key == "PRI");

  for (const std::size_t length : {std::size_t{0}, std::size_t{10}, first.size() / 2, first.size() - 1}) {
    CAPTURE(length);
    CHECK(unpack_databases(std::string_view(first).substr(0, length)).empty());
    fs::resize_file(file, length);
    CHECK(pack_databases(load_databases(dump, cache)) == first);
  }
}

}  // namespace
}  // namespace intercodesql
