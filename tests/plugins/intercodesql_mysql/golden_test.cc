// What a real MySQL 8 server refused as a syntax error, and what it did not.
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "mysql/parser.h"
#include "tests/support/catch.h"
#include "tests/support/shared_data.h"

using namespace intercodesql;

TEST_CASE("statements are refused as syntax errors exactly where MySQL 8 refused them", "[mysql][golden]") {
  const std::string path = ipr::test::shared_file("golden/intercodesql/mysql8_observations.jsonl");
  if (path.empty()) return;
  std::ifstream file(path);
  int refused = 0;
  for (std::string line; std::getline(file, line);) {
    const auto record = nlohmann::json::parse(line);
    const std::string sql = record.at("sql");
    const std::string observation = record.at("observation");
    const bool expected = observation.find("You have an error in your SQL syntax") != std::string::npos ||
                          observation.find("Every derived table must have") != std::string::npos;
    const auto result = mysql::parse(sql);
    const auto* error = std::get_if<MysqlError>(&result);
    CAPTURE(sql);
    REQUIRE((error != nullptr) == expected);
    if (error == nullptr) continue;
    ++refused;
    CHECK("Error executing query: " + error->text == observation);
  }
  CHECK(refused > 700);
}

TEST_CASE("gold statements are refused as syntax errors exactly where MySQL 8 refused them", "[mysql][golden]") {
  const std::string path = ipr::test::shared_file("golden/intercodesql/gold_rows.jsonl");
  if (path.empty()) return;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const auto record = nlohmann::json::parse(line);
    const std::string gold = record.at("gold");
    CAPTURE(gold);
    CHECK(std::holds_alternative<MysqlError>(mysql::parse(gold)) == (record.at("mysql8_rejects_gold") == "syntax"));
  }
}
