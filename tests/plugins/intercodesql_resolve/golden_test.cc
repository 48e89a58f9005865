// What a real MySQL 8 server refused, with its texts, and what it did not.
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "import/mysql_dump.h"
#include "mysql/parser.h"
#include "resolve/resolve.h"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"

using namespace intercodesql;

namespace {

Catalog released_catalog(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  Catalog catalog;
  for (const auto& database : read_mysql_dump(text.str(), path)) {
    catalog.databases[database.schema.database] = std::make_shared<Schema>(database.schema);
  }
  return catalog;
}

// The text of the refusal, "" for an accepted query; absent for another statement.
std::optional<std::string> refusal(const std::string& sql, const Catalog& catalog, const std::string& database) {
  auto parsed = mysql::parse(sql);
  if (auto* error = std::get_if<MysqlError>(&parsed)) return error->text;
  const auto& statement = std::get<mysql::Statement>(parsed);
  const auto* query = std::get_if<mysql::QueryPtr>(&statement.command);
  if (query == nullptr) return std::nullopt;
  try {
    static_cast<void>(resolve_query(**query, statement.expressions, catalog, database, {}));
  } catch (const MysqlError& error) {
    return error.text;
  }
  return "";
}

}  // namespace

// A handful of records stem from schemas and modes that other sessions had changed; the bounds leave room for those.
TEST_CASE("queries are refused where MySQL 8 refused them, with its words", "[resolve][golden]") {
  const std::string records = ipr::test::shared_file("golden/intercodesql/mysql8_observations.jsonl");
  const std::string dump = ipr::test::shared_file("data/intercodesql/ic_spider_dbs.sql");
  if (records.empty() || dump.empty()) return;
  const Catalog catalog = released_catalog(dump);
  std::ifstream file(records);
  int queries = 0, refused = 0, disagreements = 0, other_texts = 0;
  for (std::string line; std::getline(file, line);) {
    const auto record = nlohmann::json::parse(line);
    const std::string observation = record.at("observation");
    if (observation.find("Subquery returns more than 1 row") != std::string::npos) continue;  // found while running
    const auto text = refusal(record.at("sql"), catalog, lower_ascii(std::string(record.at("db"))));
    if (!text) continue;
    ++queries;
    const bool expected = record.at("kind") == "error";
    refused += expected ? 1 : 0;
    if (text->empty() == expected) {
      ++disagreements;
    } else if (expected && "Error executing query: " + *text != observation) {
      ++other_texts;
    }
  }
  CHECK(queries > 10000);
  CHECK(refused > 6000);
  CHECK(disagreements <= 4);
  CHECK(other_texts <= 12);
}

TEST_CASE("gold queries are refused for grouping exactly where MySQL 8 refused them", "[resolve][golden]") {
  const std::string golds = ipr::test::shared_file("golden/intercodesql/gold_rows.jsonl");
  const std::string dump = ipr::test::shared_file("data/intercodesql/ic_spider_dbs.sql");
  if (golds.empty() || dump.empty()) return;
  const Catalog catalog = released_catalog(dump);
  std::ifstream file(golds);
  for (std::string line; std::getline(file, line);) {
    const auto record = nlohmann::json::parse(line);
    const std::string gold = record.at("gold");
    CAPTURE(gold);
    const auto text = refusal(gold, catalog, lower_ascii(std::string(record.at("db"))));
    REQUIRE(text);
    CHECK(text->empty() == record.at("mysql8_rejects_gold").is_null());
  }
}
