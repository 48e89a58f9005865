#include "mysql/syntax_error.h"

#include "mysql/parser.h"
#include "tests/support/catch.h"

using namespace intercodesql;

namespace {

constexpr std::string_view kSyntax =
    "You have an error in your SQL syntax; check the manual that corresponds to your MySQL server version for the "
    "right syntax to use near ";

// What stands behind "near", or the whole of another error; "" if the statement is accepted.
std::string refusal(std::string_view statement) {
  const auto result = mysql::parse(statement);
  const auto* error = std::get_if<MysqlError>(&result);
  if (error == nullptr) return "";
  return error->text.starts_with(kSyntax) ? error->text.substr(kSyntax.size()) : error->text;
}

std::string repeated(std::string_view text, int count) {
  std::string result;
  for (int i = 0; i < count; ++i) result += text;
  return result;
}

}  // namespace

TEST_CASE("a syntax error quotes the rest of the statement from the first token that does not fit", "[mysql][error]") {
  CHECK(refusal("SELECT FROM t") == "'FROM t' at line 1");
  CHECK(refusal("SELECT a FROM t WHERE") == "'' at line 1");
  CHECK(refusal("SELECT a\nFROM t\nWHERE x = = 1;") == "'= 1' at line 3");
  CHECK(refusal("SELECT MAX(rank) FROM t") == "') FROM t' at line 1");
  CHECK(refusal("SELECT name, rank FROM t") == "'FROM t' at line 1");
  CHECK(refusal("SELECT COUNT (*) FROM t") == "'*) FROM t' at line 1");
  CHECK(refusal("SELECT a FROM t WHERE b LIKE '%x") == "''%x' at line 1");
  CHECK(refusal("SELECT NTILE(a) OVER () FROM t") == "'a) OVER () FROM t' at line 1");
  CHECK(refusal("SELECT LAG(a, -1) OVER () FROM t") == "'-1) OVER () FROM t' at line 1");
  CHECK(refusal("DESC show") == "'show' at line 1");
  CHECK(refusal("SELECT a FROM x FULL OUTER JOIN y ON 1") == "'OUTER JOIN y ON 1' at line 1");
}

TEST_CASE("the quoted rest has at most 80 bytes and no half character", "[mysql][error]") {
  CHECK(refusal("= " + std::string(200, 'x')) == "'= " + std::string(78, 'x') + "' at line 1");
  CHECK(refusal("=" + std::string(78, 'x') + "\u00e9") == "'=" + std::string(78, 'x') + "' at line 1");
}

TEST_CASE("a derived table without alias is refused while parsing", "[mysql][error]") {
  CHECK(refusal("SELECT * FROM (SELECT 1)") == "Every derived table must have its own alias");
  CHECK(refusal("SELECT * FROM (SELECT 1) = =") == "Every derived table must have its own alias");
}

TEST_CASE("deep nesting of every kind is refused, not followed", "[mysql][error]") {
  constexpr int kMany = 20000;
  const std::string statements[] = {
      "SELECT " + repeated("(", kMany) + "1" + repeated(")", kMany),
      "SELECT " + repeated("-", kMany) + "1",
      "SELECT " + repeated("- ", kMany) + "1",
      "SELECT " + repeated("NOT ", kMany) + "1",
      "SELECT " + repeated("!", kMany) + "1",
      "SELECT " + repeated("(SELECT ", kMany) + "1" + repeated(")", kMany),
      "SELECT " + repeated("f(", kMany) + "1" + repeated(")", kMany),
      "SELECT " + repeated("CASE WHEN ", kMany) + "1",
      "SELECT 1" + repeated(" + 1", kMany),
      "SELECT 1" + repeated(" IS NULL", kMany),
      "SELECT 1" + repeated(" = 1", kMany),
      "SELECT a" + repeated(" COLLATE utf8mb4_bin", kMany),
      "SELECT 1" + repeated(" UNION SELECT 1", kMany),
      "SELECT 1" + repeated(" INTERSECT SELECT 1", kMany),
      "SELECT * FROM " + repeated("(", kMany) + "t" + repeated(")", kMany),
      "SELECT * FROM t" + repeated(" JOIN t", kMany),
      "SELECT * FROM t" + repeated(" LEFT JOIN t", kMany) + repeated(" ON 1", kMany),
      "SELECT * FROM " + repeated("(SELECT * FROM ", kMany) + "t" + repeated(") x", kMany),
      repeated("(", kMany) + "SELECT 1" + repeated(")", kMany),
      repeated("EXPLAIN ", kMany) + "SELECT 1",
      "SELECT 1 IN " + repeated("(1 IN ", kMany),
      "SELECT @a" + repeated(" := @a", kMany),
  };
  for (const std::string& statement : statements) {
    CAPTURE(statement.substr(0, 40));
    CHECK_FALSE(refusal(statement).empty());
  }
  CHECK(refusal("SELECT " + repeated("(", 1000) + "1") ==
        "memory exhausted near '" + repeated("(", 80) + "' at line 1");
}

TEST_CASE("long lists are not deep", "[mysql][error]") {
  constexpr int kMany = 5000;
  CHECK(refusal("SELECT 1" + repeated(" AND 1", kMany)).empty());
  CHECK(refusal("SELECT 1" + repeated(" OR 1", kMany)).empty());
  CHECK(refusal("SELECT 1" + repeated(", 1", kMany)).empty());
  CHECK(refusal("SELECT 1 IN (1" + repeated(", 1", kMany) + ")").empty());
  CHECK(refusal("SELECT 'a'" + repeated(" 'b'", kMany)).empty());
}
