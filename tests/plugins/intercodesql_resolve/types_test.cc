#include "resolve/types.h"

#include <string>

#include "mysql/parser.h"
#include "resolve/resolve.h"
#include "tests/plugins/intercodesql_resolve/small_catalog.h"
#include "tests/support/catch.h"

using namespace intercodesql;

namespace {

Type type_of(const std::string& expression) {
  const Catalog catalog = test::small_catalog();
  auto parsed = mysql::parse("SELECT " + expression + " FROM item");
  INFO(expression);
  REQUIRE(std::holds_alternative<mysql::Statement>(parsed));
  const auto& statement = std::get<mysql::Statement>(parsed);
  const auto& query = *std::get<mysql::QueryPtr>(statement.command);
  return resolve_query(query, statement.expressions, catalog, "shop", {false}).at(query).columns.at(0).type;
}

void check(const std::string& expression, BaseType base, int scale = -2) {
  CAPTURE(expression);
  const Type type = type_of(expression);
  CHECK(type.base == base);
  if (scale != -2) CHECK(type.scale == scale);
}

}  // namespace

TEST_CASE("arithmetic has MySQL's types and decimals", "[resolve][types]") {
  check("1 + 1", BaseType::kInt);
  check("1 / 3", BaseType::kDecimal, 4);
  check("2.0 * 3", BaseType::kDecimal, 1);
  check("1.25 * 1.5", BaseType::kDecimal, 3);
  check("price + 1", BaseType::kDecimal, 2);
  check("price / 2", BaseType::kDecimal, 6);
  check("price * weight", BaseType::kDouble);
  check("Name + 1", BaseType::kDouble);
  check("7 DIV 2.5", BaseType::kInt);
  check("7 % 2.5", BaseType::kDecimal, 1);
  check("added + 1", BaseType::kInt);
  check("1e0 + 1", BaseType::kDouble);
  check("1 | 2", BaseType::kInt);
  check("-price", BaseType::kDecimal, 2);
}

TEST_CASE("aggregates have MySQL's types", "[resolve][types]") {
  check("COUNT(*)", BaseType::kInt);
  check("SUM(id)", BaseType::kDecimal, 0);
  check("SUM(price)", BaseType::kDecimal, 2);
  check("SUM(weight)", BaseType::kDouble);
  check("SUM(Name)", BaseType::kDouble);
  check("AVG(id)", BaseType::kDecimal, 4);
  check("AVG(price)", BaseType::kDecimal, 6);
  check("AVG(weight)", BaseType::kDouble, -1);
  check("MAX(added)", BaseType::kDate);
  check("MIN(Name)", BaseType::kVarchar);
  check("GROUP_CONCAT(id)", BaseType::kVarchar);
  check("STDDEV(id)", BaseType::kDouble);
}

TEST_CASE("comparisons, conversions and choices have MySQL's types", "[resolve][types]") {
  check("id = 1", BaseType::kInt);
  check("Name LIKE 'a'", BaseType::kInt);
  check("CAST(id AS CHAR)", BaseType::kVarchar);
  check("CAST(Name AS DECIMAL(10, 3))", BaseType::kDecimal, 3);
  check("IF(id, 1, 2.5)", BaseType::kDecimal, 1);
  check("IF(id, 1, 'a')", BaseType::kVarchar);
  check("CASE WHEN id THEN price END", BaseType::kDecimal, 2);
  check("COALESCE(NULL, id)", BaseType::kInt);
  check("IFNULL(added, 'none')", BaseType::kVarchar);
  check("ROUND(price, 1)", BaseType::kDecimal, 1);
  check("ROUND(price)", BaseType::kDecimal, 0);
  check("ROUND(weight)", BaseType::kDouble);
  check("FLOOR(price)", BaseType::kInt);
  check("YEAR(added)", BaseType::kYear);
  check("added + INTERVAL 1 DAY", BaseType::kDate);
  check("added + INTERVAL 1 HOUR", BaseType::kDatetime);
  check("STR_TO_DATE('a', '%Y-%m-%d')", BaseType::kDate);
  check("STR_TO_DATE('a', '%Y-%m-%d %H:%i')", BaseType::kDatetime);
  check("(SELECT price FROM item LIMIT 1)", BaseType::kDecimal, 2);
  check("ROW_NUMBER() OVER (ORDER BY id)", BaseType::kInt);
}

TEST_CASE("texts and numbers are compared as numbers, dates as dates", "[resolve][types]") {
  const Type date = datetime_type(BaseType::kDate);
  CHECK(comparison_of(text_type(), text_type()) == Comparison::kTexts);
  CHECK(comparison_of(text_type(), int_type()) == Comparison::kNumbers);
  CHECK(comparison_of(text_type(), date) == Comparison::kTemporal);
  CHECK(comparison_of(date, int_type()) == Comparison::kNumbers);
  CHECK(comparison_of(date, datetime_type(BaseType::kDatetime)) == Comparison::kTemporal);
}

TEST_CASE("a set operation's columns have the type both sides fit in", "[resolve][types]") {
  CHECK(common_type({int_type(), decimal_type(2)}) == decimal_type(2));
  CHECK(common_type({int_type(), double_type()}).base == BaseType::kDouble);
  CHECK(common_type({Type{}, int_type()}) == int_type());
  CHECK(common_type({int_type(), text_type()}).base == BaseType::kVarchar);
  CHECK(common_type({Type{}, Type{}}).base == BaseType::kNull);
}
